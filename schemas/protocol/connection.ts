/** What a daemon and its clients agree on for each connection. `docs/protocol.md` lists it under "Limits". */

/** One message to the daemon, in bytes of UTF-8; a larger one ends the connection with 1009. */
export const maxRequestBytes = 1024 * 1024;

/** The daemon pings each of its clients this often, in milliseconds. A client that has heard nothing four times as long takes the connection for lost. */
export const pingEveryMs = 15_000;
