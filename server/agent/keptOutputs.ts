/** What is kept of the full outputs of tool calls, beside the trajectory: they outlive the sandbox, for people who read on. */

/** Of one output, before it is packed. */
export const maxKeptOutputBytes = 4 * 1024 * 1024;
/** Of all outputs of a candidate, packed. */
export const maxKeptBytesEach = 64 * 1024 * 1024;

/** Names of kept outputs: that of the execution, packed. */
export const keptOutputName = /^[a-z0-9][a-z0-9-]{0,80}\.txt\.gz$/;
