/**
 * How long a property may be tried, and its counterexample made smaller: of some properties of the correlator the
 * smallest would take hours to find, in which nothing is told of the failure.
 */
import fc from "fast-check";

/** A little less than a unit test may take. */
fc.configureGlobal({ interruptAfterTimeLimit: 170_000, markInterruptAsFailure: true });
