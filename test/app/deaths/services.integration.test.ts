/** A bot that dies at any moment of a rollout: services that are asked over HTTP. */
import { serviceRows } from "../../adapters/models/mortal/services.ts";
import { deathsOnBoth } from "../deaths.ts";

deathsOnBoth(serviceRows);
