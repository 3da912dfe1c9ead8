/** Short commands whose output is the answer. */
import { spawn } from "node:child_process";

/** More output than this is an error, not an answer. */
const maxOutputBytes = 1_048_576;

export interface QueryOptions {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | null;
  readonly timeoutMs: number;
}

/**
 * Runs a command and returns what it printed.
 * @throws Error naming the program when it cannot be started, exits with another code than 0, takes too long or prints
 * too much; the end of its error output is in the message.
 */
export function query(options: QueryOptions): Promise<string> {
  const [program = "", ...args] = options.argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      shell: false,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: options.env,
      ...(options.cwd === null ? {} : { cwd: options.cwd }),
    });
    let output = "";
    let errors = "";
    let problem: string | null = null;
    const stop = (why: string) => {
      problem ??= why;
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // It has ended by itself meanwhile.
      }
    };
    const timer = setTimeout(
      () => stop(`did not answer within ${options.timeoutMs / 1_000} s`),
      options.timeoutMs,
    );
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
      if (output.length > maxOutputBytes) stop(`printed more than ${maxOutputBytes} characters`);
    });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      errors = (errors + chunk).slice(-500);
    });
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(new Error(`exec: ${program} cannot be run: ${error.message}`, { cause: error }));
    });
    child.on("close", (code) => {
      clearTimeout(timer);
      if (problem === null && code === 0) resolve(output);
      else
        reject(
          new Error(
            `exec: ${program} ${problem ?? `exited with ${code}`}${errors === "" ? "" : `: ${errors.trim()}`}`,
          ),
        );
    });
  });
}
