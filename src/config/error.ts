/** Something in the environment or in tocsin.yaml is wrong; the message names the value and the remedy. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}
