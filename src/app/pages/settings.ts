/** The page of settings: what the bot runs with, to be read and not to be changed. */
import { type Cell, cell, type PageBlock } from "../../domain/view/page.ts";
import { code, oneLine } from "../../domain/view.ts";
import { type MakePage, shown } from "./context.ts";

export const settingsPage: MakePage = ({ settings, people }) => {
  const { file, policy } = settings;
  return Promise.resolve(
    shown({
      title: "Settings",
      lead:
        file === null
          ? "There is no tocsin.yaml: everything is as shipped."
          : `From ${oneLine(file, 300)}. To change something, edit the file and start the bot again.`,
      filters: [],
      blocks: [
        heading("Sources"),
        records(
          "Sources",
          ["source", "how a sender proves itself"],
          "Every shipped source is on, without a secret.",
          settings.sources.map(({ name, proof }) => [cell(name), cell(proof)]),
        ),
        heading("Channels"),
        records(
          "Channels",
          ["channel", "what it shows"],
          "None.",
          settings.channels.map(({ to, match }) => [cell(to), cell(oneLine(match, 300))]),
        ),
        heading("People and roles"),
        records(
          "People and roles",
          ["person", "name", "roles", "teams", "accounts"],
          "Nobody is configured.",
          people.map((person): readonly Cell[] => [
            cell(person.id),
            cell(oneLine(person.name, 80)),
            cell(person.roles.join(", ")),
            cell((person.teams ?? []).join(", ")),
            cell(Object.keys(person.accounts).sort().join(", ")),
          ]),
        ),
        heading("Policy"),
        { kind: "text", text: [{ text: `${policy.origin}, SHA-256 ` }, code(policy.hash)] },
        { kind: "code", text: policy.text },
        heading("tocsin.yaml with its defaults"),
        { kind: "code", text: settings.effective },
      ],
      next: null,
    }),
  );
};

function heading(text: string): PageBlock {
  return { kind: "heading", text };
}

function records(
  label: string,
  columns: readonly string[],
  empty: string,
  rows: readonly (readonly Cell[])[],
): PageBlock {
  return { kind: "records", label, columns, rows, empty };
}
