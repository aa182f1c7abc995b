/** Runs `close` once on SIGINT or SIGTERM and then ends the process; a second signal, or a close that takes too long, ends it at once. */
export function closeOnSignal(close: () => Promise<void>, graceMs = 15_000): void {
  let closing = false;
  const onSignal = () => {
    if (closing) process.exit(1);
    closing = true;
    setTimeout(() => process.exit(1), graceMs).unref();
    close().then(() => process.exit(0), () => process.exit(1));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
}

/** Runs a service's main function; a failure to start is one readable line and exit code 1. */
export async function runMain(name: string, main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    console.error(`${name} could not start: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  }
}
