/** Every limit of a socket, by name. The rest come from the configuration. */

export interface SocketTimes {
  /** A socket that has not shown a valid token by then is closed with 4401. */
  readonly authTimeoutMs: number;
  /** A socket with a token and no subscription for this long is closed. */
  readonly idleTimeoutMs: number;
  /** A ping goes out this often; a socket that did not answer the one before is gone. */
  readonly pingIntervalMs: number;
}
export const SOCKET_TIMES: SocketTimes = { authTimeoutMs: 5_000, idleTimeoutMs: 120_000, pingIntervalMs: 20_000 };

/** Bytes of one message from a client; a larger one closes the socket with 1009. */
export const MESSAGE_BYTES_MAX = 16_384;
/** Messages a client may send at once, and how many more each second; past it the socket is closed with 1008. */
export const MESSAGES_BURST = 100;
export const MESSAGES_PER_SECOND = 20;
/** Feedback of one socket that waits for the log. */
export const FEEDBACK_IN_FLIGHT_MAX = 16;
/** Sockets that read their backlog from the store at once. */
export const RESUMES_IN_FLIGHT_MAX = 8;
/** After a close frame, a peer has this long before its connection is cut. */
export const CLOSE_GRACE_MS = 2_000;
