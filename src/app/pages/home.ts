/** The first page: what waits for whoever looks. The same as /home says everywhere. */
import { type MakePage, refusedBy, shown } from "./context.ts";

export const homePage: MakePage = async ({ look }) => {
  const found = await look("home", "");
  if (found.kind === "refused") return refusedBy(found.view, found.isDenied);
  return shown({
    title: "Home",
    lead: found.view.summary,
    filters: [],
    blocks: [{ kind: "view", view: found.view, subject: null }],
    next: null,
  });
};
