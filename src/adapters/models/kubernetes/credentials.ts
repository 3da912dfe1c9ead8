/** How a cluster is reached and who asks there, wherever that comes from. */

/** What a request carries to say who asks. */
export interface Credentials {
  /** Sent as `Authorization: Bearer`; null for none. */
  readonly token: string | null;
  /** PEM, for TLS; null for none. */
  readonly certificate: string | null;
  readonly key: string | null;
}

export interface ClusterAccess {
  /** Address of the API server, ending in a slash. */
  readonly server: string;
  /** Of the context, or of the pod; used when settings name none. */
  readonly namespace: string | null;
  /** PEM; null: what Node trusts. */
  readonly ca: string | null;
  readonly serverName: string | null;
  readonly proxyUrl: string | null;
  readonly isVerified: boolean;
  /** Asked before every request: tokens rotate. @throws Error naming where they come from. */
  credentials(): Promise<Credentials>;
  /** Forgets what is kept, after the server refused it. */
  renew(): void;
}
