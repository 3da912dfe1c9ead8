/** The gateway: JSON over WebSocket, without compression; resumes, invalid sessions, close codes. */
import { randomBytes } from "node:crypto";
import type { Server } from "node:http";
import { type WebSocket, WebSocketServer } from "ws";
import { z } from "zod";
import { createdBody, guildBody, memberBody, shownToBot, userBody } from "./wire.ts";
import type { FakeMessage, FakeUser, World } from "./world.ts";

const frame = z.object({ op: z.number(), d: z.unknown() });
const identifyData = z.object({ token: z.string(), intents: z.number() });
const resumeData = z.object({ token: z.string(), session_id: z.string(), seq: z.number().nullable() });
/** MESSAGE_CONTENT, GUILD_MEMBERS and GUILD_PRESENCES: this bot was not granted them. */
const privilegedIntents = (1 << 15) | (1 << 1) | (1 << 8);
const guildMessages = 1 << 9;
const guildReactions = 1 << 10;
const directMessages = 1 << 12;
const identifySpacingMs = 5_000;
const keptEvents = 1_000;

interface Session {
  readonly id: string;
  readonly intents: number;
  seq: number;
  readonly events: { readonly s: number; readonly text: string }[];
  socket: WebSocket | null;
}

export interface GatewayOptions {
  readonly world: World;
  readonly token: () => string;
  readonly applicationId: string;
  readonly url: () => string;
  /** False lets a test identify more often than once in five seconds. */
  readonly isIdentifyPaced: boolean;
  readonly onViolation: (what: string) => void;
}

export function createFakeGateway(server: Server, options: GatewayOptions) {
  const { world } = options;
  const sockets = new Set<WebSocket>();
  const sessions = new Map<string, Session>();
  const state = {
    /** New sessions, resumed ones, and what is left of today's. */
    identifies: 0,
    resumes: 0,
    remaining: 1000,
    /** While true, connections are cut before hello. */
    isDown: false,
    /** While true, heartbeats are not answered. */
    isDeaf: false,
  };
  let lastIdentifyAt = Number.NEGATIVE_INFINITY;
  const webSockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, socket, head) => {
    if (state.isDown) {
      socket.destroy();
      return;
    }
    webSockets.handleUpgrade(request, socket, head, accept);
  });

  function accept(socket: WebSocket): void {
    sockets.add(socket);
    socket.on("message", (data) => receive(socket, String(data)));
    socket.on("error", () => socket.terminate());
    socket.on("close", () => {
      sockets.delete(socket);
      for (const session of sessions.values()) if (session.socket === socket) session.socket = null;
      world.changed();
    });
    send(socket, { op: 10, d: { heartbeat_interval: 41_250 } });
  }

  function receive(socket: WebSocket, text: string): void {
    const parsed = frame.safeParse(JSON.parse(text));
    if (!parsed.success) {
      socket.close(4002, "Decode error");
      return;
    }
    const { op, d } = parsed.data;
    if (op === 1 && !state.isDeaf) send(socket, { op: 11 });
    else if (op === 2) identify(socket, d);
    else if (op === 6) resume(socket, d);
    else if (op !== 1 && op !== 3) socket.close(4001, "Unknown opcode");
  }

  function identify(socket: WebSocket, data: unknown): void {
    const asked = identifyData.safeParse(data);
    if (!asked.success) {
      socket.close(4002, "Decode error");
      return;
    }
    if (asked.data.token !== options.token()) {
      socket.close(4004, "Authentication failed.");
      return;
    }
    if ((asked.data.intents & privilegedIntents) !== 0) {
      socket.close(4014, "Disallowed intent(s).");
      return;
    }
    const now = Date.now();
    if (options.isIdentifyPaced && now - lastIdentifyAt < identifySpacingMs) {
      options.onViolation(
        `IDENTIFY after ${now - lastIdentifyAt} ms; expected at least ${identifySpacingMs}`,
      );
      send(socket, { op: 9, d: false });
      return;
    }
    lastIdentifyAt = now;
    state.identifies += 1;
    state.remaining -= 1;
    const session: Session = {
      id: randomBytes(8).toString("hex"),
      intents: asked.data.intents,
      seq: 0,
      events: [],
      socket,
    };
    sessions.set(session.id, session);
    const guilds = [...world.guilds.values()];
    dispatchTo(session, "READY", {
      v: 10,
      user: userBody(world.bot),
      guilds: guilds.map(({ id }) => ({ id, unavailable: true })),
      session_id: session.id,
      resume_gateway_url: options.url(),
      application: { id: options.applicationId, flags: 0 },
    });
    for (const guild of guilds) dispatchTo(session, "GUILD_CREATE", guildBody(world, guild));
    world.changed();
  }

  function resume(socket: WebSocket, data: unknown): void {
    const asked = resumeData.safeParse(data);
    const session = asked.success ? sessions.get(asked.data.session_id) : undefined;
    if (!asked.success || session === undefined || asked.data.token !== options.token()) {
      send(socket, { op: 9, d: false });
      return;
    }
    state.resumes += 1;
    session.socket = socket;
    for (const event of session.events) if (event.s > (asked.data.seq ?? 0)) socket.send(event.text);
    dispatchTo(session, "RESUMED", {});
    world.changed();
  }

  function dispatchTo(session: Session, t: string, d: unknown): void {
    session.seq += 1;
    const text = JSON.stringify({ op: 0, t, s: session.seq, d });
    session.events.push({ s: session.seq, text });
    if (session.events.length > keptEvents) session.events.shift();
    session.socket?.send(text);
  }

  return {
    state,
    /** Sends an event to every session; a disconnected one gets it when it resumes. */
    dispatch(t: string, d: unknown): void {
      for (const session of sessions.values()) dispatchTo(session, t, d);
    },
    /**
     * MESSAGE_CREATE to the sessions that asked for it, with content only where the bot is meant: in its own messages,
     * in direct messages, and where it is mentioned.
     */
    dispatchMessage(message: FakeMessage): void {
      const channel = world.channels.get(message.channelId);
      const guild = channel?.guildId == null ? null : (world.guilds.get(channel.guildId) ?? null);
      const body = shownToBot(world, message, createdBody(world, message, guild));
      const needed = guild === null ? directMessages : guildMessages;
      for (const session of sessions.values())
        if ((session.intents & needed) !== 0) dispatchTo(session, "MESSAGE_CREATE", body);
    },
    /** An emoji on a message of a server, or taken off it, for whoever asked to hear of them. */
    dispatchReaction(message: FakeMessage, by: FakeUser, emoji: string, change: "ADD" | "REMOVE"): void {
      const guild = world.guilds.get(world.channels.get(message.channelId)?.guildId ?? "");
      if (guild === undefined) throw new Error("fake discord: reactions in direct messages are not modelled");
      const member = change === "ADD" ? { member: memberBody(world, guild, by) } : {};
      const place = { channel_id: message.channelId, message_id: message.id, guild_id: guild.id };
      const body = { user_id: by.id, ...place, emoji: { id: null, name: emoji }, ...member };
      for (const session of sessions.values())
        if ((session.intents & guildReactions) !== 0) dispatchTo(session, `MESSAGE_REACTION_${change}`, body);
    },
    /** Sends any frame to every connection, for what no healthy server would send. */
    sendRaw(payload: unknown): void {
      for (const socket of sockets) send(socket, payload);
    },
    /** How many clients are connected and identified. */
    connected: () => [...sessions.values()].filter((session) => session.socket !== null).length,
    /** Ends every connection: with a close code, or without a word. */
    disconnect(code?: number): void {
      for (const socket of sockets) {
        if (code === undefined) socket.terminate();
        else socket.close(code);
      }
    },
    /** Opcode 7: asks clients to reconnect and resume. */
    requestReconnect(): void {
      for (const socket of sockets) send(socket, { op: 7, d: null });
    },
    /** Opcode 9: the session is invalid; forgotten too unless it can be resumed. */
    invalidate(isResumable: boolean): void {
      if (!isResumable) sessions.clear();
      for (const socket of sockets) send(socket, { op: 9, d: isResumable });
    },
    /** Forgets sessions, so that a resume is refused. */
    forgetSessions(): void {
      sessions.clear();
    },
    close(): void {
      for (const socket of sockets) socket.terminate();
      webSockets.close();
    },
  };
}

function send(socket: WebSocket, payload: unknown): void {
  socket.send(JSON.stringify(payload));
}
