/** The bot's commands behind a real Slack or Discord client over its fake: what people do, carried out and answered. */
import { createDiscord } from "../../src/adapters/chat/discord.ts";
import { createSlack } from "../../src/adapters/chat/slack.ts";
import type { Person } from "../../src/domain/people/person.ts";
import { type Chat, type ChatDoor, type CommandRequest, noMetrics, silentLog } from "../../src/ports.ts";
import { quick } from "../adapters/chat/discord/harness.ts";
import { people } from "../app/rollout-world.ts";
import { type FakeDiscord, type FakeUser, startFakeDiscord } from "../fakes/discord.ts";
import { type FakeSlack, startFakeSlack } from "../fakes/slack.ts";
import type { CommandScene } from "./scene.ts";

/** Before the lookups of a form or of suggestions, for a database that is slow. */
export type Slowness = () => Promise<void>;

interface Behind {
  readonly chat: Chat;
  readonly requests: readonly CommandRequest[];
  close(): Promise<void>;
}
export interface SlackScene extends Behind {
  readonly slack: FakeSlack;
}
export interface DiscordScene extends Behind {
  readonly discord: FakeDiscord;
  /** The account of a person of the scene. */
  userOf(person: string): FakeUser;
}

/** Slack with the channel C0INCIDENTS and people by the ids of the scene: U-oncall, U-reader. */
export async function slackScene(
  scene: CommandScene,
  slowness?: Slowness,
  pinEmoji: readonly string[] = ["pushpin"],
): Promise<SlackScene> {
  const slack = await startFakeSlack();
  slack.addChannel({ id: "C0INCIDENTS", name: "incidents" });
  for (const { id, name } of people) slack.addUser({ id: `U-${id}`, name });
  const chat = await createSlack({
    ...{ pinEmoji, botToken: slack.botToken, appToken: slack.appToken, apiUrl: slack.apiUrl },
    ...{ log: silentLog, metrics: noMetrics, socket: { backoffMs: { first: 10, most: 100 } } },
  });
  const behind = await open(scene, { chat, people, slowness });
  const close = async () => {
    await behind.close();
    await slack.close();
  };
  return { ...behind, slack, close };
}

/** Discord with its channel, in which its person is the scene's "oncall". */
export async function discordScene(
  scene: CommandScene,
  slowness?: Slowness,
  pinEmoji: readonly string[] = [],
): Promise<DiscordScene> {
  const discord = await startFakeDiscord({ isIdentifyPaced: false });
  const chat = await createDiscord({
    ...{ token: discord.token, apiUrl: discord.apiUrl, timing: quick, pinEmoji },
    ...{ log: silentLog, metrics: noMetrics },
  });
  const users = new Map(
    people.map(({ id }) => [id, id === "oncall" ? discord.oncall : discord.addUser(id)] as const),
  );
  const userOf = (person: string): FakeUser => users.get(person) ?? discord.oncall;
  const known = people.map((person) => ({
    ...person,
    accounts: { ...person.accounts, discord: userOf(person.id).id },
  }));
  const behind = await open(scene, { chat, people: known, slowness });
  await discord.until(() => discord.commands.byScope.size > 0);
  const close = async () => {
    await behind.close();
    await discord.close();
  };
  return { ...behind, discord, userOf, close };
}

async function open(
  scene: CommandScene,
  parts: {
    readonly chat: Chat;
    readonly people: readonly Person[];
    readonly slowness: Slowness | undefined;
  },
): Promise<Behind> {
  const { chat, people: known, slowness } = parts;
  const { execute } = scene.world(known);
  const requests: CommandRequest[] = [];
  const running = new Set<Promise<void>>();
  async function carryOut(request: CommandRequest): Promise<void> {
    const answer = await execute.execute(request);
    if (answer !== null) await chat.answer(request, answer.view, answer.visibility);
  }
  const door: ChatDoor = {
    submit(request) {
      requests.push(request);
      // As a job does it: after the acknowledgement.
      setImmediate(() => {
        const work = carryOut(request);
        running.add(work);
        void work.finally(() => running.delete(work));
      });
      return Promise.resolve();
    },
    home: async (account) => (await execute.look({ account, command: "home", text: "" })).view,
    async suggest(question) {
      await slowness?.();
      return await execute.suggest(question);
    },
    forms: {
      ...execute.forms,
      async fill(form, request) {
        await slowness?.();
        return await execute.forms.fill(form, request);
      },
    },
  };
  await chat.start(door, execute.shapes());
  const close = async () => {
    await Promise.allSettled(running);
    await chat.stop();
  };
  return { chat, requests, close };
}
