/** Text that tries to get out of its box, for the tests of this folder. */
export const hostile: readonly string[] = [
  "@everyone @here",
  "<@1> <@!1> <@&2> <#3> </deploy:4> <:emoji:5> <a:emoji:6> <t:0:R> <id:customize>",
  "[click](https://evil.example) [a]: https://evil.example",
  "https://evil.example/path?x=1 http://evil.example",
  "discord.gg/abcdef discord.com/invite/abcdef",
  "# heading\n## heading\n-# small\n- item\n* item\n+ item\n> quote\n>>> quote\n1. one\n2) two",
  "**bold** __under__ *it* _it_ ~~gone~~ ||secret|| `code` ```js\nblock```",
  "\\*already escaped\\*, trailing backslash \\",
  "zero\u200bwidth\u2060 bidi\u202eevil\u202c bell\u0007 nul\u0000 esc\u001b[31m tag\u{e0041}",
  "lone \ud83d surrogate \ude00",
  ':smile: :rocket: a:b 12:30:45 node_cpu_seconds_total{mode="idle"}',
  "<script>alert(1)</script> <!channel> <!here> <U123>",
  "\u2028line\u2029separators\r\nand\rreturns",
  "   ",
  "",
];

export const all = hostile.join("\n");
export const huge = `${all} `.repeat(Math.ceil(40_000 / all.length)).slice(0, 40_000);
