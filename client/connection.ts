import {
  Connection,
  type ConnectionOptions,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
} from '@temporalio/client';

/** A connection to Temporal that is made when first used, and what keeps its end from hurting. */
export interface LazyConnection {
  connection: Connection;
  /** Every call goes through here, so that `close` knows of it. */
  calling: <T>(call: () => Promise<T>) => Promise<T>;
  /** Ends what is under way, then the connection: a call that tries again on a closed one would end the process. */
  close: () => Promise<void>;
}

export function connectLazily(options: ConnectionOptions): LazyConnection {
  const underWay = new Map<AbortController, Promise<unknown>>();
  let isClosing = false;
  const retries = defaultGrpcRetryOptions();
  const connection = Connection.lazy({
    ...options,
    // The default grows to two minutes, long after Temporal is back.
    channelArgs: { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': 2_000 },
    interceptors: [
      makeGrpcRetryInterceptor({
        ...retries,
        retryableDecider: (attempt, status) => !isClosing && retries.retryableDecider(attempt, status),
      }),
    ],
  });
  return {
    connection,
    async calling<T>(call: () => Promise<T>): Promise<T> {
      // One for each call: the client never lets go of what it heard from a signal.
      const ending = new AbortController();
      const result = connection.withAbortSignal(ending.signal, call);
      underWay.set(ending, result);
      try {
        return await result;
      } finally {
        underWay.delete(ending);
      }
    },
    async close() {
      isClosing = true;
      for (const ending of underWay.keys()) ending.abort();
      await Promise.allSettled(underWay.values());
      await connection.close();
    },
  };
}
