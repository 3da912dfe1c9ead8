/** A bot that dies at any moment of a rollout: the bot's own models. */
import { builtinRow } from "../../adapters/models/mortal/builtin.ts";
import { deathsOnBoth } from "../deaths.ts";

deathsOnBoth([builtinRow]);
