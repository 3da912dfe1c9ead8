/**
 * The step in which slow monitors look: what starts on a mark of it may have begun up to a step earlier. A longer step
 * cannot be told from this one by two starts alone.
 */
const stepMs = 300_000;

/**
 * How far apart two starts may seem only because their monitor looks every five minutes; 0 when either lies between
 * those marks, as nearly all do that are measured by the second.
 * @param a - ms since the epoch.
 * @param b - ms since the epoch.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html (periods)
 */
export function sharedStepMs(a: number, b: number): number {
  return a !== b && a % stepMs === 0 && b % stepMs === 0 ? stepMs : 0;
}
