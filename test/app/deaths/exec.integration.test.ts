/** A bot that dies at any moment of a rollout: programs. */
import { execRow } from "../../adapters/models/mortal/exec.ts";
import { deathsOnBoth } from "../deaths.ts";

deathsOnBoth([execRow]);
