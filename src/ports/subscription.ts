import type { Subscription } from "../domain/chat/subscription.ts";

export interface SubscriptionStore {
  /** "known" when the channel has one with the same filter. */
  add(
    subscription: Omit<Subscription, "id">,
  ): Promise<
    | { readonly kind: "added"; readonly id: number }
    | { readonly kind: "known"; readonly id: number }
    | { readonly kind: "full"; readonly of: "channel" | "all"; readonly most: number }
  >;
  find(id: number): Promise<Subscription | null>;
  /** Of one channel, or of all, in order of number. */
  list(
    channel: { readonly platform: string; readonly channel: string } | null,
  ): Promise<readonly Subscription[]>;
  remove(id: number): Promise<boolean>;
}
