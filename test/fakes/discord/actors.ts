/** What people do: slash commands, buttons, typing, archiving, deleting. */
import { z } from "zod";
import type { createDesk, FakeInteraction } from "./interactions.ts";
import { entered } from "./modals.ts";
import type { CommandDesk } from "./routes.ts";
import { channelBody, memberBody, messageBody, userBody } from "./wire.ts";
import {
  addChannel,
  type Button,
  type FakeChannel,
  type FakeMessage,
  type FakeUser,
  isThread,
  type World,
} from "./world.ts";

interface ActorOptions {
  readonly world: World;
  readonly desk: ReturnType<typeof createDesk>;
  readonly commands: CommandDesk;
  readonly applicationId: string;
  readonly dispatch: (event: string, data: unknown) => void;
  readonly dispatchMessage: (message: FakeMessage) => void;
}
export interface Doing {
  readonly user: FakeUser;
  /** Where; a channel or a thread. */
  readonly channel: FakeChannel;
}
export type Actors = ReturnType<typeof createActors>;
type Values = Readonly<Record<string, string | number | boolean>>;

const registered = z.object({
  id: z.string(),
  name: z.string(),
  options: z
    .array(
      z.object({
        name: z.string(),
        type: z.number(),
        required: z.boolean().default(false),
        autocomplete: z.boolean().default(false),
        choices: z.array(z.object({ value: z.union([z.string(), z.number()]) })).default([]),
      }),
    )
    .default([]),
});
const rows = z.array(
  z.object({
    components: z.array(
      z.object({
        style: z.number(),
        label: z.string(),
        custom_id: z.string().optional(),
        url: z.string().optional(),
      }),
    ),
  }),
);

export function createActors({
  world,
  desk,
  commands,
  applicationId,
  dispatch,
  dispatchMessage,
}: ActorOptions) {
  /** What Discord shows while someone types: only registered commands can be used, with options of their type. */
  function commandOf(name: string, channel: FakeChannel) {
    const lists = [commands.byScope.get(channel.guildId ?? "") ?? [], commands.byScope.get("global") ?? []];
    const found = lists.flat().find((each) => each["name"] === name);
    if (found === undefined) throw new Error(`fake discord: no command /${name} is registered`);
    return registered.parse(found);
  }

  function slash(name: string, values: Values, doing: Doing): FakeInteraction {
    const command = commandOf(name, doing.channel);
    for (const option of command.options) {
      const value = values[option.name];
      if (value === undefined && option.required)
        throw new Error(`fake discord: /${name} needs ${option.name}`);
      if (
        value !== undefined &&
        option.choices.length > 0 &&
        !option.choices.some((choice) => choice.value === value)
      )
        throw new Error(`fake discord: ${JSON.stringify(value)} is no choice of ${option.name}`);
    }
    const options = Object.entries(values).map(([key, value]) => {
      const option = command.options.find((each) => each.name === key);
      if (option === undefined) throw new Error(`fake discord: /${name} has no option ${key}`);
      return { name: key, type: option.type, value };
    });
    return act(2, doing, null, { id: command.id, name, type: 1, options });
  }

  /** Uses a command in the menu of a message; Discord gives its content to the bot then. */
  function menu(name: string, message: FakeMessage, doing: Doing): FakeInteraction {
    const command = commandOf(name, doing.channel);
    return act(2, doing, null, {
      id: command.id,
      name,
      type: 3,
      target_id: message.id,
      resolved: { messages: { [message.id]: messageBody(message) } },
    });
  }

  /** Types into an option; the answer is in `choices`. */
  function type(name: string, option: string, partial: string, doing: Doing): FakeInteraction {
    const command = commandOf(name, doing.channel);
    const found = command.options.find((each) => each.name === option);
    if (found?.autocomplete !== true)
      throw new Error(`fake discord: ${option} of /${name} has no autocomplete`);
    const options = [{ name: option, type: found.type, value: partial, focused: true }];
    return act(4, doing, null, { id: command.id, name, type: 1, options }, found.type);
  }

  /** Presses a button by its label or custom id. */
  function press(
    message: FakeMessage,
    button: string,
    { user }: { readonly user: FakeUser },
  ): FakeInteraction {
    const channel = world.channels.get(message.channelId);
    if (channel === undefined || message.isDeleted) throw new Error("fake discord: the message is gone");
    if (message.visibleTo !== null && message.visibleTo !== user.id)
      throw new Error(`fake discord: ${user.username} does not see this message`);
    const found = buttons(message).find((each) => each.label === button || each.customId === button);
    if (found?.customId == null)
      throw new Error(
        `fake discord: no button "${button}"; there are ${buttons(message)
          .map(({ label }) => label)
          .join(", ")}`,
      );
    return act(3, { user, channel }, message, { custom_id: found.customId, component_type: 2 });
  }

  /** Types into the only field of the form that a button opened, and sends it off. */
  function submit(opened: FakeInteraction, typed: string): FakeInteraction {
    const [field, ...others] = opened.form?.components ?? [];
    if (field === undefined || others.length > 0)
      throw new Error("fake discord: no form with one field is open");
    return submitForm(opened, { [field.component.custom_id]: typed });
  }

  /** Fills in the form that opened and sends it off. @param values - by custom id; what is left out stays as it is. */
  function submitForm(
    opened: FakeInteraction,
    values: Readonly<Record<string, string | readonly string[]>> = {},
  ): FakeInteraction {
    const { form, user, message } = opened;
    const channel = world.channels.get(opened.channelId);
    if (form === null || channel === undefined) throw new Error("fake discord: no form is open");
    const unknown = Object.keys(values).find(
      (name) => !form.components.some(({ component }) => component.custom_id === name),
    );
    if (unknown !== undefined) throw new Error(`fake discord: the form has no ${unknown}`);
    const components = form.components.map(({ component }) => ({
      type: 18,
      id: 1,
      component: entered(component, values[component.custom_id]),
    }));
    return act(5, { user, channel }, message, { custom_id: form.custom_id, components });
  }

  function act(
    kind: number,
    doing: Doing,
    message: FakeMessage | null,
    data: unknown,
    optionType = 3,
  ): FakeInteraction {
    const { user, channel } = doing;
    const interaction = desk.open({ type: kind, user, channelId: channel.id, message, optionType });
    const guild = channel.guildId === null ? undefined : world.guilds.get(channel.guildId);
    interaction.event = {
      id: interaction.id,
      application_id: applicationId,
      type: kind,
      token: interaction.token,
      version: 1,
      data,
      channel_id: channel.id,
      channel: channelBody(channel),
      ...(guild === undefined
        ? { user: userBody(user) }
        : { guild_id: guild.id, member: memberBody(world, guild, user) }),
      ...(message === null ? {} : { message: messageBody(message) }),
      locale: "en-US",
      entitlements: [],
      authorizing_integration_owners: {},
      app_permissions: "0",
    };
    dispatch("INTERACTION_CREATE", interaction.event);
    return interaction;
  }

  function buttons(message: FakeMessage): readonly Button[] {
    return rows
      .parse(message.components)
      .flatMap((row) => row.components)
      .map((each) => ({
        style: each.style,
        label: each.label,
        customId: each.custom_id ?? null,
        url: each.url ?? null,
      }));
  }

  function say(channel: FakeChannel, user: FakeUser, content: string): FakeMessage {
    const { id } = desk.open({ type: 0, user, channelId: channel.id, message: null, optionType: 3 });
    const message: FakeMessage = {
      id,
      channelId: channel.id,
      author: user,
      content,
      embeds: [],
      components: [],
      attachments: [],
      flags: 0,
      nonce: null,
      replyTo: null,
      editedAt: null,
      edits: 0,
      isDeleted: false,
      visibleTo: null,
    };
    world.messages.set(id, message);
    dispatchMessage(message);
    return message;
  }

  return {
    slash,
    menu,
    type,
    press,
    submit,
    submitForm,
    /** Sends an interaction again, as a gateway does that repeats itself. */
    repeat(interaction: FakeInteraction): void {
      dispatch("INTERACTION_CREATE", interaction.event);
    },
    buttons,
    /** Writes as a person, or as another bot. */
    say,
    /** Writes to the bot alone. */
    sayDirectly(user: FakeUser, content: string): FakeMessage {
      const open = [...world.channels.values()].find(({ recipientId }) => recipientId === user.id);
      const channel =
        open ?? addChannel(world, { guildId: null, name: user.username, type: 1, recipientId: user.id });
      return say(channel, user, content);
    },
    /** The same event again, as a gateway sends it that resumes. */
    repeatMessage(message: FakeMessage): void {
      dispatchMessage(message);
    },
    archive(thread: FakeChannel): void {
      if (!isThread(thread)) throw new Error(`fake discord: ${thread.name} is no thread`);
      thread.isArchived = true;
    },
    lock(thread: FakeChannel): void {
      thread.isLocked = true;
    },
    deleteMessage(message: FakeMessage): void {
      message.isDeleted = true;
    },
    deleteChannel(channel: FakeChannel): void {
      channel.isDeleted = true;
    },
  };
}
