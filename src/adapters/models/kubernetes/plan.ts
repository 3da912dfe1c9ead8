/** What an operation would do to an object, as the server itself would take it. */
import type { BackendPlan, PlannedOperation } from "../../../ports/model.ts";
import { KubernetesError } from "./failure.ts";
import { originOf, ownershipNotes } from "./origin.ts";
import type { Place, ServingKind, Sight } from "./place.ts";
import { type Writer, type Writing, writing } from "./write.ts";

type Deploy = PlannedOperation & { readonly to: string };

export function createPlan<Seen>(
  kind: ServingKind<Seen>,
  { write }: Writer<Seen>,
): (place: Place, operation: Deploy) => Promise<BackendPlan> {
  async function plan(place: Place, operation: Deploy): Promise<BackendPlan> {
    const sight = await kind.read(place);
    const edit = await kind.edit(place, sight, operation);
    if (edit.kind === "refuse") return edit;
    const tried = await tryOut(place, operation);
    if (tried.kind === "refuse") return tried;
    const seconds = place.settings.steadyMs / 1_000;
    return {
      kind: "plan",
      steps: [...edit.steps, `check that its pods run ${seconds} s without a restart`],
      notes: [
        ...edit.notes,
        ...tried.notes,
        ...ownershipNotes(sight.metadata),
        ...(place.client.access.isVerified
          ? []
          : ["the kubeconfig does not verify the server's certificate"]),
        ...driftNotes(sight),
      ],
      expectedMs: null,
    };
  }

  /** Lets the server say what it would say, rights and admission included, without doing it. */
  async function tryOut(place: Place, operation: Deploy) {
    const at = new Date(0);
    const decide = async (sight: Sight<Seen>): Promise<Writing> => {
      const edit = await kind.edit(place, sight, operation);
      if (edit.kind === "refuse") return { kind: "done" };
      const { from, to } = operation;
      const record = {
        operationId: "dry-run",
        to,
        from,
        at,
        by: "",
        state: "asked",
        before: edit.before,
        fence: 0,
      } as const;
      return writing(sight, edit, record);
    };
    try {
      await write(place, decide, { dryRun: "All" });
      return { kind: "tried", notes: [] } as const;
    } catch (error) {
      if (!(error instanceof KubernetesError) || error.mishap === "unclear") throw error;
      if (error.message.includes("does not support dry run"))
        return {
          kind: "tried",
          notes: ["it could not be tried out: an admission webhook does not support dry runs"],
        } as const;
      const remedy =
        error.status === 403
          ? "Grant the bot the Role of docs/models-kubernetes.md."
          : "Ask for what the cluster takes, or change what refuses it.";
      return {
        kind: "refuse",
        reason: "not_accepted",
        problem: `${place.title}: ${error.message}.`,
        remedy,
      } as const;
    }
  }

  /** What the bot last asked for is no longer what is asked for. */
  function driftNotes({ records, wanted, metadata }: Sight<Seen>): readonly string[] {
    const last = records.at(-1);
    if (last === undefined) return [];
    const own = last.state === "asked" ? last.to : last.from;
    if (own === wanted) return [];
    const { by } = originOf(metadata, [], wanted);
    return [
      `the bot last set it to ${own ?? "nothing"}, and it asks for ${wanted ?? "nothing"}: ${by ?? "someone"} changed it outside the bot`,
    ];
  }

  return plan;
}
