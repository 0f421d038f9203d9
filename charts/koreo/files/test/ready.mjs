// `helm test`: asks every Pod behind the Services named as arguments (`host:port`) whether it is ready.
import { lookup } from "node:dns/promises";

const TRIES = 30;
const PAUSE_MS = 2000;

for (const place of process.argv.slice(1)) {
  const { hostname, port } = new URL(`http://${place}`);
  for (let tries = 1; !(await isReady(hostname, port)); tries += 1) {
    if (tries === TRIES) process.exit(1);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** Says what each Pod says. No Pod at all is not ready either. */
async function isReady(hostname, port) {
  try {
    const addresses = await lookup(hostname, { all: true });
    const answers = await Promise.all(
      addresses.map(async ({ address, family }) => {
        const host = family === 6 ? `[${address}]` : address;
        const response = await fetch(`http://${host}:${port}/readyz`, { signal: AbortSignal.timeout(5000) });
        console.log(`${hostname} ${address}: ${response.status}\n${await response.text()}`);
        return response.ok;
      }),
    );
    return answers.every((isOk) => isOk);
  } catch (error) {
    console.log(`${hostname}: ${error.message} ${error.cause?.message ?? ""}`);
    return false;
  }
}
