/** Interactions: what people do, and the answers to it. */
import { z } from "zod";
import { readSuggestions } from "./command-limits.ts";
import { snowflake } from "./ids.ts";
import { checkMessage, readMessage } from "./limits.ts";
import { editMessage, guarded, type Incoming, store } from "./messages.ts";
import { type FormInput, readForm } from "./modals.ts";
import { invalid, refusals } from "./refusal.ts";
import { messageBody } from "./wire.ts";
import type { FakeMessage, FakeUser, World } from "./world.ts";

export const ackMs = 3_000;
export const tokenMs = 15 * 60_000;
const ephemeral = 64;

type Choice = { readonly name: string; readonly value: string | number };

/** One thing a person did, and what came back. */
export interface FakeInteraction {
  readonly id: string;
  readonly token: string;
  /** 2 command, 3 button, 4 autocomplete, 5 a form that was sent off. */
  readonly type: number;
  readonly user: FakeUser;
  readonly channelId: string;
  /** The message whose button was pressed. */
  readonly message: FakeMessage | null;
  readonly createdAt: number;
  /** How it was acknowledged: 4 reply, 5 deferred, 6 deferred update, 7 update, 8 suggestions. */
  ack: { readonly type: number; readonly afterMs: number; readonly isPrivate: boolean } | null;
  /** Attempts to acknowledge, refused ones too. */
  ackAttempts: number;
  /** The answer; null while "thinking…" is shown or after it was removed. */
  original: FakeMessage | null;
  followUps: FakeMessage[];
  choices: readonly Choice[] | null;
  /** The form that opened; null when none did. */
  form: FormInput | null;
  readonly optionType: number;
  /** What the gateway sent. */
  event: unknown;
}

export interface DeskRequest extends Incoming {
  readonly params: readonly string[];
}
export type InteractionDesk = ReturnType<typeof createDesk>;

const callbackInput = z.object({ type: z.number().int(), data: z.unknown().optional() });

export function createDesk(world: World, applicationId: string) {
  const interactions = new Map<string, FakeInteraction>();

  function open(
    what: Pick<FakeInteraction, "type" | "user" | "channelId" | "message" | "optionType">,
  ): FakeInteraction {
    const id = snowflake(world.now());
    const interaction: FakeInteraction = {
      ...what,
      id,
      token: `token-${id}-${Math.random().toString(36).slice(2)}`,
      createdAt: world.now(),
      ack: null,
      ackAttempts: 0,
      original: null,
      followUps: [],
      choices: null,
      form: null,
      event: null,
    };
    interactions.set(interaction.token, interaction);
    return interaction;
  }

  /** POST /interactions/:id/:token/callback */
  function callback({ params, body, files }: DeskRequest) {
    const found = interactions.get(params[1] ?? "");
    if (found === undefined || found.id !== params[0]) throw refusals.unknownInteraction();
    found.ackAttempts += 1;
    const afterMs = world.now() - found.createdAt;
    if (found.ack !== null) throw refusals.alreadyAcknowledged();
    if (afterMs > ackMs) throw refusals.unknownInteraction();
    const { type, data } = guarded(callbackInput, body);
    const isPrivate =
      (guarded(z.object({ flags: z.number().default(0) }).default({ flags: 0 }), data).flags & ephemeral) !==
      0;
    acknowledge(found, type, { body: data ?? {}, files }, isPrivate);
    found.ack = { type, afterMs, isPrivate };
    world.changed();
    return null;
  }

  function acknowledge(found: FakeInteraction, type: number, incoming: Incoming, isPrivate: boolean): void {
    const isButton = found.type === 3;
    if (found.type === 4) {
      if (type !== 8) throw invalid("type", "CHOICE", "Autocomplete is answered with type 8");
      found.choices = readSuggestions(incoming.body, found.optionType);
      return;
    }
    if (type === 9 && (found.type === 2 || isButton)) {
      found.form = readForm(incoming.body);
      return;
    }
    if (type === 4) found.original = write(found, incoming, isPrivate);
    else if (type === 7 && isButton && found.message !== null)
      found.original = editMessage(world, found.message, incoming);
    else if (type === 6 && isButton) found.original = found.message;
    else if (type !== 5)
      throw invalid("type", "CHOICE", `Interaction type ${found.type} takes no response ${type}`);
  }

  function write(found: FakeInteraction, incoming: Incoming, isPrivate: boolean): FakeMessage {
    const input = readMessage(incoming.body);
    checkMessage(input, incoming.files);
    return store(world, found.channelId, input, incoming.files, {
      nonce: null,
      visibleTo: isPrivate ? found.user.id : null,
      flags: isPrivate ? ephemeral : 0,
    });
  }

  /** @throws Refusal for unknown, unacknowledged and expired interactions. */
  function acknowledged(params: readonly string[]): FakeInteraction {
    const found = interactions.get(params[1] ?? "");
    if (params[0] !== applicationId || found === undefined || found.ack === null)
      throw refusals.unknownWebhook();
    if (world.now() - found.createdAt > tokenMs) throw refusals.expiredToken();
    return found;
  }

  function pick(found: FakeInteraction, tag: string | undefined): FakeMessage {
    const message =
      tag === "@original" ? found.original : (found.followUps.find((each) => each.id === tag) ?? null);
    if (message === null || message.isDeleted) throw refusals.unknownMessage();
    return message;
  }

  return {
    interactions,
    open,
    callback,
    getMessage: ({ params }: DeskRequest) => messageBody(pick(acknowledged(params), params[2])),
    /** The first edit of a deferred answer makes it; it is as private as the deferral was. */
    editMessage({ params, body, files }: DeskRequest) {
      const found = acknowledged(params);
      if (params[2] === "@original" && found.original === null && found.ack?.type === 5) {
        found.original = write(found, { body, files }, found.ack.isPrivate);
        world.changed();
        return messageBody(found.original);
      }
      return messageBody(editMessage(world, pick(found, params[2]), { body, files }));
    },
    deleteMessage({ params }: DeskRequest) {
      const found = acknowledged(params);
      if (params[2] === "@original" && found.original === null && found.ack?.type === 5) {
        found.ack = { ...found.ack, type: 0 };
        world.changed();
        return null;
      }
      pick(found, params[2]).isDeleted = true;
      world.changed();
      return null;
    },
    /** The first follow-up of a deferred answer is that answer. */
    followUp({ params, body, files }: DeskRequest) {
      const found = acknowledged(params);
      const isFirst = found.original === null && found.ack?.type === 5;
      const { flags } = guarded(z.object({ flags: z.number().default(0) }), body);
      const isPrivate = isFirst ? found.ack?.isPrivate === true : (flags & ephemeral) !== 0;
      const message = write(found, { body, files }, isPrivate);
      if (isFirst) found.original = message;
      else found.followUps.push(message);
      world.changed();
      return messageBody(message);
    },
  };
}
