/** Socket Mode's server side: tickets, hello, envelopes and their acknowledgements. */
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";

export interface SocketHub {
  /** A single-use address for one connection. */
  openUrl(): string;
  count(): number;
  /** Sends to one connection, as Slack does; resolves to the acknowledged payload, or to why there is none. */
  send(envelope: Envelope, ackWithinMs: number): Promise<SocketAck>;
  /** Tells every client to reconnect; Slack closes the socket some seconds later if they do not. */
  disconnect(reason: "warning" | "refresh_requested" | "link_disabled"): void;
  /** Cuts every connection without a word. */
  cut(): void;
  /** What the next connections meet instead of a hello. */
  readonly sabotage: ("refuse" | "mute")[];
  close(): void;
}

export interface Envelope {
  readonly type: "slash_commands" | "interactive" | "events_api";
  readonly envelope_id: string;
  readonly payload: unknown;
  readonly accepts_response_payload: boolean;
  readonly retry_attempt?: number;
  readonly retry_reason?: string;
}
export type SocketAck =
  | { readonly kind: "acked"; readonly payload: unknown }
  | { readonly kind: "no_socket" | "timeout" | "closed" };

const mostSockets = 10;

export interface SocketHubOptions {
  readonly server: Server;
  readonly appId: string;
  readonly baseUrl: () => string;
  readonly onChange: () => void;
  readonly onViolation: (problem: string) => void;
}

export function createSocketHub(options: SocketHubOptions): SocketHub {
  const { server, appId, onChange, onViolation } = options;
  const hub = new WebSocketServer({ noServer: true });
  const tickets = new Set<string>();
  const sockets = new Set<WebSocket>();
  const waiting = new Map<string, (ack: SocketAck) => void>();
  const sabotage: ("refuse" | "mute")[] = [];
  let serial = 0;

  server.on("upgrade", upgrade);

  function upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const ticket = new URL(request.url ?? "/", "http://localhost").searchParams.get("ticket") ?? "";
    const spoil = sabotage.shift();
    if (!tickets.delete(ticket) || spoil === "refuse" || sockets.size >= mostSockets) {
      stream.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n");
      return;
    }
    hub.handleUpgrade(request, stream, head, (socket) => {
      sockets.add(socket);
      socket.on("message", (data) => receive(String(data)));
      socket.on("close", () => {
        sockets.delete(socket);
        onChange();
      });
      socket.on("error", () => socket.terminate());
      if (spoil !== "mute") socket.send(JSON.stringify(hello()));
      onChange();
    });
  }

  function hello() {
    return {
      type: "hello",
      num_connections: sockets.size,
      connection_info: { app_id: appId },
      debug_info: { host: "applink-1", build_number: 1, approximate_connection_time: 18_060 },
    };
  }

  function receive(data: string): void {
    const message: unknown = JSON.parse(data);
    const isAck = typeof message === "object" && message !== null && "envelope_id" in message;
    const id = isAck ? String(message.envelope_id) : "";
    const settle = waiting.get(id);
    if (settle === undefined) onViolation(`socket: acknowledged an unknown envelope: ${data.slice(0, 200)}`);
    waiting.delete(id);
    settle?.({ kind: "acked", payload: isAck && "payload" in message ? message.payload : undefined });
  }

  function pick(): WebSocket | undefined {
    const open = [...sockets].filter((socket) => socket.readyState === socket.OPEN);
    return open[Math.floor(Math.random() * open.length)];
  }

  return {
    sabotage,
    openUrl() {
      serial += 1;
      const ticket = `ticket-${serial}`;
      tickets.add(ticket);
      return `${options.baseUrl().replace(/^http/, "ws")}/link/?ticket=${ticket}&app_id=${appId}`;
    },
    count: () => sockets.size,
    send(envelope, ackWithinMs) {
      const socket = pick();
      if (socket === undefined) return Promise.resolve({ kind: "no_socket" });
      return new Promise((resolve) => {
        const timer = setTimeout(() => settle({ kind: "timeout" }), ackWithinMs);
        const closed = () => settle({ kind: "closed" });
        function settle(ack: SocketAck): void {
          clearTimeout(timer);
          socket?.off("close", closed);
          // After a timeout a late acknowledgement is still taken, without effect, as Slack does.
          if (ack.kind === "timeout") waiting.set(envelope.envelope_id, () => undefined);
          else waiting.delete(envelope.envelope_id);
          resolve(ack);
        }
        waiting.set(envelope.envelope_id, settle);
        socket.once("close", closed);
        socket.send(JSON.stringify(envelope));
      });
    },
    disconnect(reason) {
      const message = JSON.stringify({ type: "disconnect", reason, debug_info: { host: "applink-1" } });
      for (const socket of sockets) socket.send(message);
    },
    cut() {
      for (const socket of sockets) socket.terminate();
    },
    close() {
      server.off("upgrade", upgrade);
      for (const socket of sockets) socket.terminate();
      hub.close();
    },
  };
}
