/** A bot that dies at any moment of a rollout: what runs in a cluster. */
import { kubernetesRows } from "../../adapters/models/mortal/kubernetes.ts";
import { deathsOnBoth } from "../deaths.ts";

deathsOnBoth(kubernetesRows);
