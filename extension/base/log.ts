/** What the extension writes to its log; VS Code's `LogOutputChannel` has these methods. */
export interface Log {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}
