/** Headers of an answer. Names in lower case; a list where a header came several times. */
export type HttpHeaders = Readonly<Record<string, string | string[] | undefined>>;

export interface HttpAnswer {
  readonly kind: 'answer';
  readonly status: number;
  readonly headers: HttpHeaders;
  /** As it came, not decompressed. */
  readonly body: Buffer;
  /** This is only the body's beginning: it is longer than `maxBytes` allows, or was cut. */
  readonly truncated: boolean;
  /**
   * Why the rest of the answer didn't come, or couldn't be read: `headers` and `body` are what came before. The status is what the
   * receiver said all the same. The call's signal may have aborted.
   */
  readonly cutBy?: Error;
}
