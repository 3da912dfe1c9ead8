/**
 * One alert on several copies of a service: pods of a deployment, instances behind a balancer, tasks of a job. How many
 * copies a service runs says nothing of how many stories there are, so they count as one member of a session.
 */
import { podLabels } from "../alert/entity.ts";
import type { SeenAlert } from "./signal.ts";

/** Labels that tell which copy of a service fires. */
const copyLabels: ReadonlySet<string> = new Set([
  ...podLabels,
  "alloc_id",
  "container_id",
  "exported_instance",
  "instance",
  "instance_id",
  "pod_ip",
  "pod_uid",
  "task_arn",
  "task_id",
]);
/** Labels that differ from copy to copy but tell of none by themselves: where it runs, and ids of Kubernetes. */
const besideCopy: ReadonlySet<string> = new Set(["host_ip", "node", "uid"]);

/** What tells copies apart from other alerts. */
export type CopyTraits = Pick<SeenAlert, "entity" | "name" | "labels">;

/** Whether two alerts say the same of two copies of one service. */
export function areCopies(a: CopyTraits, b: CopyTraits): boolean {
  return (
    a.entity !== null &&
    a.entity === b.entity &&
    a.name === b.name &&
    namesCopy(a.labels) &&
    namesCopy(b.labels) &&
    hasAllOf(a.labels, b.labels) &&
    hasAllOf(b.labels, a.labels)
  );
}

function namesCopy(labels: CopyTraits["labels"]): boolean {
  for (const name in labels) if (copyLabels.has(name)) return true;
  return false;
}

/** Whether the second has all values of the first but those that differ from copy to copy. */
function hasAllOf(labels: CopyTraits["labels"], others: CopyTraits["labels"]): boolean {
  for (const name in labels)
    if (labels[name] !== others[name] && !copyLabels.has(name) && !besideCopy.has(name)) return false;
  return true;
}

/** Members of which each stands for its copies. */
export interface Folded<Member> {
  /** The first of each, in order. */
  readonly firsts: readonly Member[];
  /** Groups of indices of `firsts`, in order of their first, as such groups of indices of all members. */
  unfold(groups: readonly (readonly number[])[]): readonly (readonly number[])[];
}

/**
 * Takes copies as one.
 * @param members - in order of start.
 * @param isRuledOn - whether people ruled on a member: then it stands for itself alone.
 */
export function foldCopies<Member extends CopyTraits>(
  members: readonly Member[],
  isRuledOn: ((member: Member) => boolean) | null,
): Folded<Member> {
  if (!hasCopies(members)) return { firsts: members, unfold: (groups) => groups };
  const firsts: Member[] = [];
  const places: number[][] = [];
  /** By place in `firsts`, whether others may be folded into it. */
  const stands: boolean[] = [];
  for (const [index, member] of members.entries()) {
    const isFree = isRuledOn === null || !isRuledOn(member);
    const known = isFree ? firsts.findIndex((first, place) => stands[place] && areCopies(first, member)) : -1;
    if (known !== -1) places[known]?.push(index);
    else {
      firsts.push(member);
      places.push([index]);
      stands.push(isFree);
    }
  }
  return {
    firsts,
    unfold: (groups) =>
      groups.map((group) => group.flatMap((index) => places[index] ?? []).sort((a, b) => a - b)),
  };
}

/** Most sessions have none, and are not to pay for it. */
function hasCopies(members: readonly CopyTraits[]): boolean {
  for (let later = 1; later < members.length; later += 1) {
    const member = members[later];
    for (let early = 0; early < later; early += 1) {
      const other = members[early];
      if (member !== undefined && other !== undefined && areCopies(other, member)) return true;
    }
  }
  return false;
}
