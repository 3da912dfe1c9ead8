/** A bot that dies at any moment of a rollout: a model of several backends. */
import { composedRow } from "../../adapters/models/mortal/composed.ts";
import { deathsOnBoth } from "../deaths.ts";

deathsOnBoth([composedRow]);
