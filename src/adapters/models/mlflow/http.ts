/** Questions to MLflow's REST API. */
import type { z } from "zod";
import { type HttpClient, HttpMishapError } from "../../../ports/http-client.ts";
import type { MlflowSettings } from "./settings.ts";

export interface MlflowHttp {
  /** @throws HttpMishapError; absent only where MLflow itself says that what is named is not there. */
  ask<Data>(request: MlflowRequest<Data>): Promise<Data>;
}

export interface MlflowRequest<Data> {
  readonly method: "GET" | "POST" | "DELETE";
  /** Below `api/2.0/mlflow/`. */
  readonly path: string;
  /** The query of a GET, the JSON body of the others. */
  readonly parameters: Readonly<Record<string, string | number | readonly string[]>>;
  readonly schema: z.ZodType<Data>;
}

const remedies = {
  401: "set settings.token or settings.basic",
  403: "grant it EDIT on the registered model, or add this host to the server's --allowed-hosts",
};

/** Creates the client. Nothing is sent before the first question. */
export function createMlflowHttp(
  settings: Pick<MlflowSettings, "url" | "authorization" | "timeoutMs">,
  http: HttpClient,
): MlflowHttp {
  const { authorization, timeoutMs } = settings;
  const headers: Readonly<Record<string, string>> = authorization === null ? {} : { authorization };
  return {
    ask: async ({ method, path, parameters, schema }) => {
      const url = new URL(`api/2.0/mlflow/${path}`, settings.url);
      if (method === "GET") url.search = queryOf(parameters);
      const body = method === "GET" ? {} : { body: JSON.stringify(parameters) };
      try {
        const question = { who: "mlflow", method, url, headers, schema, timeoutMs, remedies, ...body };
        return (await http.ask(question)).data;
      } catch (error) {
        throw error instanceof HttpMishapError ? told(error) : error;
      }
    },
  };
}

/** A 404 that is not MLflow's own comes from something before it, or from another server. */
function told(error: HttpMishapError): HttpMishapError {
  const { mishap, status, said } = error;
  if (mishap !== "absent" || status === null) return error;
  if (error.code === "RESOURCE_DOES_NOT_EXIST")
    return new HttpMishapError(`mlflow: not there${said === "" ? "" : `: ${said}`}`, {
      ...{ mishap, status, said },
    });
  return new HttpMishapError(
    `${error.message}; url should end before /api, and the server be MLflow 2.9 or later`,
    { mishap: "refused", status, said },
  );
}

function queryOf(parameters: MlflowRequest<unknown>["parameters"]): string {
  const pairs = Object.entries(parameters).flatMap(([name, value]) =>
    [value].flat().map((each): [string, string] => [name, String(each)]),
  );
  return new URLSearchParams(pairs).toString();
}
