/**
 * The words of plain English in which an incident can be told without bringing anything into it. Left out on purpose:
 * things that may be blamed (databases, queues, people), whom it concerns (users, orders), what was measured (latency,
 * memory), states that end or belittle it (healthy, recovered, planned), sizes that nothing measured (all, hundreds),
 * and what tells somebody to act. Those have to stand in the evidence.
 */
const words = `
  a an the this that these those it its itself they them their theirs he she we our us you your i me my who whom whose
  which what when where why how there here then than thus hence so such same other others another each both either
  neither one ones two three four five six seven eight nine ten eleven twelve first second third fourth fifth next last
  latter former own more most less least few fewer several many much some any no not nor none only just even also too
  very quite rather fairly roughly about around nearly almost approximately exactly still already yet again once twice
  and or but if though although while whereas because since as until till unless whether for from to into onto of off
  on in at by far with within without between among amongst against before after during through throughout over under above
  below across along beside besides beyond behind up down out near next per via upon despite instead like unlike
  is are was were be been being am do does did done doing has have had having can could may might must shall should will
  would cannot
  say says said saying show shows showed shown showing see seen sees report reports reported reporting note noted notes
  indicate indicates indicated indicating suggest suggests suggested suggesting point points pointed pointing fit fits
  fitted match matches matched matching explain explains explained explaining explanation speak speaks spoke speaking
  mention mentions mentioned support supports supported supporting contradict contradicts contradicted consistent
  evidence fact facts reason reasons sign signs symptom symptoms finding findings ranking rank ranks ranked order
  confidence confident likely unlikely probable probably possible possibly perhaps maybe plausible suspect suspects
  suspected suspicion suspicious cause causes caused causing root origin origins originate originates originated source
  trigger triggers triggered triggering lead leads led leading result results resulted resulting consequence effect
  effects affect affects affected affecting due account accounts contribute contributes contributed blame blamed blames
  alert alerts alerted alerting alarm alarms fire fires fired firing incident incidents trouble troubles problem problems
  issue issues failure failures fail fails failed failing broke break breaks broken breaking degrade degrades degraded
  degradation suffer suffers suffered suffering slow slows slowed slowing slower slowly slowness respond responds
  responded responding answer answers answered answering serve serves served serving work works worked working
  service services caller callers callee callees call calls called calling depend depends depended depending dependency
  dependencies dependent dependents upstream downstream neighbour neighbours path paths direction directly indirectly
  behind reach reaches reached reaching propagate propagates propagated spread spreads follow follows followed following
  precede precedes preceded preceding come comes came coming go goes went going gone start starts started starting begin
  begins began begun beginning onset appear appears appeared appearing occur occurs occurred occurring happen happens
  happened happening arise arises arose remain remains remained continue continues continued continuing persist persists
  persisted last lasts lasted lasting keep keeps kept become becomes became becoming turn turns turned stay stays stayed
  rise rises rose risen rising raise raised increase increases increased increasing grow grows grew grown growing climb
  climbs climbed climbing jump jumps jumped jumping spike spikes spiked spiking surge surges surged exceed exceeds
  exceeded exceeding double doubles doubled triple tripled fall falls fell fallen falling drop drops dropped dropping
  decrease decreases decreased decreasing decline declines declined declining lower lowered lowest reduce reduced shrink
  shrank halved improve improves improved improving worsen worsens worsened worse worst peak peaks peaked high higher
  highest low large larger largest small smaller smallest big bigger long longer longest short shorter strong stronger
  strongest weak weaker weakest clear clearer clearly unclear new newer newest old older oldest early earlier earliest
  late later latest recent recently sudden suddenly quick quickly immediate immediately shortly soon prior previous
  previously simultaneous simultaneously together alone apart separately respectively
  change changes changed changing deploy deploys deployed deploying deployment rollout rollouts version versions went live
  model models known unknown named names name unnamed candidate candidates alternative alternatives hypothesis
  time times moment moments minute minutes min hour hours day days utc ago duration period interval
  number numbers count counts value values level levels severity severe critical warning info unit units percent
  usual usually unusual unusually typical typically
  part parts kind kinds type types set group pair case cases way ways thing things place places side end
  main mainly chief chiefly overall general generally particular particularly especially specific specifically
  main major minor different similar similarly equal equally apparent apparently evident evidently visible
  however therefore meanwhile otherwise moreover nevertheless nonetheless further furthermore
  need needs needed require requires required take takes took taken taking make makes made making give gives gave given
  get gets got put puts bring brings brought leave leaves left hold holds held see seem seems seemed look looks looked
  remain include includes included including involve involves involved involving concern concerns concerned
  hit hits hurt hurts experience experiences experienced experiencing face faces faced encounter encounters
  wait waits waited waiting hang hangs block blocks blocked blocking return returns returned returning
  explainable attributable related relate relates relation correlated correlate correlates coincide coincides coincided
  coincidence timing sequence chronology order ordered between consecutive
  accompany accompanied accompanies partly request requests response responses replied reply replies fewer
  ns us ms sec secs s m h d kb kib mb mib gb gib tb rps qps hz x kbps mbps gbps
`;

/** States that end an incident or belittle it. Whoever writes an alert may claim them; only a fact can say them. */
const states = `
  healthy fine normal normally recover recovers recovered recovering resolve resolved resolves resolution harmless benign
  false unaffected planned plan test tests testing drill exercise ended over cleared stable ok okay safe safely unrelated
  irrelevant ignore ignored ignorable fixed fix solved mitigated gone done fault faulty guilty innocent maintenance
  approved approve authorised authorized confirmed proven certain certainly definitely sure surely
`;

const closing: ReadonlySet<string> = new Set(states.trim().split(/\s+/));
const vocabulary: ReadonlySet<string> = new Set(words.trim().split(/\s+/));

/** True for a word of plain English that brings nothing into a story. */
export function isPlainWord(word: string): boolean {
  return vocabulary.has(word.toLowerCase());
}

/** True for a word that ends or belittles an incident, or swears to something. */
export function isClosingWord(word: string): boolean {
  return closing.has(word.toLowerCase());
}
