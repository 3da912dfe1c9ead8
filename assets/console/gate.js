/** What stands in place of the console: signing in, or why it cannot be shown. */
import { ApiError, signIn } from "./api.js";
import { byId } from "./dom.js";

/** @param {{ retry: () => void }} handlers */
export function createGate(handlers) {
  const app = byId("app", HTMLElement);
  const gate = byId("gate", HTMLElement);
  const form = byId("sign-in", HTMLFormElement);
  const token = byId("token", HTMLInputElement);
  const problem = byId("gate-problem", HTMLElement);
  const trouble = byId("trouble", HTMLElement);

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void submit();
  });
  byId("trouble-retry", HTMLButtonElement).addEventListener("click", handlers.retry);

  async function submit() {
    problem.textContent = "";
    try {
      await signIn(token.value);
      token.value = "";
      handlers.retry();
    } catch (error) {
      problem.textContent = error instanceof Error ? error.message : String(error);
      token.select();
    }
  }

  function showApp() {
    app.hidden = false;
    gate.hidden = true;
  }

  /** @param {unknown} error */
  function showProblem(error) {
    const isSignIn = error instanceof ApiError && error.status === 401;
    const isBarred = error instanceof ApiError && error.status === 403;
    // Once the page is shown, a bot that is away is the status line's business.
    if (!isSignIn && !isBarred && !app.hidden) return;
    // Whoever was at work is told why they are asked; whoever has just come knows.
    if (isSignIn && !app.hidden) problem.textContent = error.message;
    app.hidden = true;
    gate.hidden = false;
    form.hidden = !isSignIn;
    trouble.hidden = isSignIn;
    byId("trouble-title", HTMLElement).textContent = isBarred ? "Not from here" : "The bot does not answer";
    byId("trouble-text", HTMLElement).textContent = error instanceof Error ? error.message : String(error);
    if (isSignIn) token.focus();
  }

  return { showApp, showProblem };
}
