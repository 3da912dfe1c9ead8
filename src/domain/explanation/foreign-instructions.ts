/** The order to ignore or forget what was said before, in other languages than English. */

interface Wording {
  /** How the order begins, or, where the verb comes last, ends. */
  readonly verbs: string;
  /** Stems of what is to be ignored: instructions, rules, orders. */
  readonly nouns: string;
  readonly isVerbLast?: true;
}

/** Written without what stands over and under letters. */
const latin: Readonly<Record<string, Wording>> = {
  Croatian: {
    verbs: "ignoriraj(?:te)?|zanemari(?:te)?|zaboravi(?:te)?",
    nouns: "uput|instrukcij|pravil|naredb",
  },
  Czech: { verbs: "ignoruj(?:te)?|zapomen(?:te)?|nedbej(?:te)?", nouns: "pokyn|instrukc|pravid|prikaz" },
  Danish: { verbs: "ignorer|glem|se bort fra", nouns: "instruk|regl|ordre|anvisning|besked" },
  Dutch: { verbs: "negeer|vergeet", nouns: "instructie|opdracht|regel|aanwijzing|prompt" },
  Estonian: { verbs: "eira|unusta", nouns: "juhis|reegl|kask" },
  Filipino: { verbs: "huwag pansinin|kalimutan|balewalain", nouns: "tagubilin|utos|panuto|instruksiyon" },
  Finnish: { verbs: "unohda|ohita|jata huomiotta|sivuuta", nouns: "ohje|kask|saan" },
  French: {
    verbs: "ignorez?|oubliez?|ne ti?e(?:ns|nez) pas compte",
    nouns: "instruction|consigne|regle|directive|ordre",
  },
  German: {
    verbs: "ignorier\\w*|vergiss|vergesst|vergessen sie|missachte\\w*",
    nouns: "anweisung|anleitung|instruktion|regeln|vorgabe|befehl|alles (?:davor|bisherige|obige|vorherige)",
  },
  Hungarian: {
    verbs: "hagyd figyelmen kivul|felejtsd el|mellozd",
    nouns: "utasitas|szabaly|parancs",
  },
  Indonesian: {
    verbs: "abaikan|lupakan|jangan hiraukan",
    nouns: "instruksi|perintah|arahan|aturan|petunjuk",
  },
  Italian: { verbs: "ignora(?:te)?|dimentica(?:te)?|trascura", nouns: "istruzion|regol|ordin|direttiv" },
  Latin: { verbs: "neglege|obliviscere|ignora", nouns: "praecept|mandat|instruction" },
  Norwegian: { verbs: "ignorer|glem|se bort fra", nouns: "instruks|regl|ordre|anvisning|beskjed" },
  Polish: { verbs: "zignoruj|ignoruj|zapomnij|pomin", nouns: "instrukcj|polece|zasad|regul|wskazow" },
  Portuguese: {
    verbs: "ignor[ae]m?|esquec[ae]m?|desconsider[ae]m?",
    nouns: "instruc|regra|orden|orientac|diretriz",
  },
  Romanian: { verbs: "ignora(?:ti)?|uita(?:ti)?", nouns: "instructiun|regul|comenzi|indicati" },
  Slovenian: { verbs: "prezri|pozabi", nouns: "navodil|pravil|ukaz" },
  Spanish: {
    verbs: "ignor[ae]n?|olvid[ae]n?|descarta|haz caso omiso|no hagas caso",
    nouns: "instruccion|regla|orden|indicacion|directri",
  },
  Swahili: { verbs: "puuza|sahau", nouns: "maagizo|maelekezo|amri|kanuni" },
  Swedish: { verbs: "ignorera|bortse fran|glom", nouns: "instruktion|regl|order|anvisning" },
  Turkish: {
    verbs: "unut|yoksay|yok say|gormezden gel|dikkate alma|goz ardi et",
    nouns: "talimat|kural|komut|yonerge",
    isVerbLast: true,
  },
  Vietnamese: { verbs: "bo qua|quen|phot lo", nouns: "huong dan|chi thi|chi dan|quy tac|menh lenh" },
};

const others: Readonly<Record<string, Wording>> = {
  Arabic: {
    verbs: "تجاهل|انس|إنس|تغاض|أهمل|اهمل",
    nouns: "تعليمات|قواعد|أوامر|اوامر|توجيهات",
  },
  Bengali: { verbs: "উপেক্ষা|ভুলে", nouns: "নির্দেশ|নিয়ম", isVerbLast: true },
  Bulgarian: { verbs: "игнорирай|забрави|пренебрегни", nouns: "инструкц|указан|правил" },
  Chinese: {
    verbs: "忽略|忽视|忽視|无视|無視|忘记|忘記|忘掉|不要理会|不要理會|不理会|不理會|不要管",
    nouns: "指令|指示|规则|規則|提示|说明|說明|命令",
  },
  Greek: { verbs: "αγνόησε|αγνοήστε|ξέχνα|ξεχάστε|παράβλεψε", nouns: "οδηγ|κανόν|εντολ" },
  Hebrew: { verbs: "התעלם|התעלמי|התעלמו|שכח|תשכח", nouns: "הוראות|כללים|הנחיות" },
  Hindi: { verbs: "भूल|अनदेखा|अनदेखी|नज़रअंदाज|नजरअंदाज", nouns: "निर्देश|नियम|आदेश", isVerbLast: true },
  Japanese: {
    verbs: "無視|忘れ|従わず|従わない|従うな",
    nouns: "指示|命令|規則|ルール|プロンプト",
    isVerbLast: true,
  },
  Korean: { verbs: "무시|잊|따르지", nouns: "지시|명령|규칙|지침", isVerbLast: true },
  Persian: { verbs: "نادیده|فراموش", nouns: "دستور|قوانین|قواعد|راهنما", isVerbLast: true },
  Russian: {
    verbs: "(?:про)?игнорируй|забудь|не обращай внимания|отбрось",
    nouns: "инструкц|указан|правил|команд|предписан",
  },
  Thai: { verbs: "ละเว้น|เพิกเฉย|ลืม|ไม่ต้องสนใจ|อย่าสนใจ", nouns: "คำสั่ง|คำแนะนำ|กฎ" },
  Ukrainian: { verbs: "(?:про)?ігноруй|забудь|не зважай|відкинь", nouns: "інструкц|вказівк|правил|команд" },
  Urdu: { verbs: "نظر ?انداز|بھول", nouns: "ہدایات|احکامات|قواعد", isVerbLast: true },
};

/** For folded text in small letters: a verb and what it is about, at most forty characters apart. */
export const latinOrders = new RegExp(
  Object.values(latin)
    .map((wording) => orderIn(wording, "\\b"))
    .join("|"),
);

/** For text in which letters stand as they were written, in Unicode's NFKC. */
export const otherOrders = new RegExp(
  Object.values(others)
    .map((wording) => orderIn(wording, ""))
    .join("|")
    .normalize("NFKC"),
  "i",
);

function orderIn({ verbs, nouns, isVerbLast }: Wording, start: string): string {
  const [first, second] = isVerbLast === undefined ? [verbs, nouns] : [nouns, verbs];
  return `${start}(?:${first}).{0,40}${start}(?:${second})`;
}
