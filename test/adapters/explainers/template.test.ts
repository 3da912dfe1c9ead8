import { createTemplateExplainer } from "../../../src/adapters/explainers/template.ts";
import { explainerContract } from "../../contracts/explainer.ts";

explainerContract("template", createTemplateExplainer);
