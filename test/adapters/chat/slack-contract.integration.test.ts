import { chatContract } from "../../contracts/chat.ts";
import { startSlackHarness } from "./slack-harness.ts";

chatContract("slack", startSlackHarness);
