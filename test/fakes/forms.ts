/** Forms for doors of tests that are about something else. */
import type { Forms } from "../../src/ports.ts";

/** As if no command had a form. */
export const noForms: Forms = {
  of: () => null,
  refuse: () => Promise.resolve(null),
  fill: (form) => Promise.resolve(form),
  check: () => [],
};
