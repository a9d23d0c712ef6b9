// The real JavaScript client, driven by lines of JSON on stdin:
//
//   node client.mjs MODULES PACKAGE URL [PING_MS]
//
//   {"send": NAME, "data": DATA}   sends a request
//   {"close": true}                closes the connection
//
// It prints a line of JSON for each thing that happens: {"open"}, {"close"},
// {"change": STATE}, {"notify": {"name", "data"}}, and for the request number N
// {"n": N, "answer": DATA} or {"n": N, "error": DATA}.
//
// The package wants a browser: what it touches of one when it is loaded is made up
// here. HEADERS in the environment, JSON, are sent with the handshake; browsers
// take the password from the page instead.
import { pathToFileURL } from 'node:url';
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';

const [modules, name, url, ping] = process.argv.slice(2);
const WebSocket = createRequire(modules + '/')('ws');
const headers = JSON.parse(process.env.HEADERS ?? '{}');

globalThis.WebSocket = class extends WebSocket {
    constructor(address) {
        super(address, { headers });
        this.on('error', () => {}); // a close event follows
    }
};
globalThis.CustomEvent ??= class extends Event {
    constructor(type, options) { super(type, options); this.detail = options?.detail ?? null; }
};
const element = { addEventListener() {}, removeEventListener() {}, createElement: () => element, body: {}, style: {} };
globalThis.document = element;
globalThis.window = globalThis;
globalThis.addEventListener = () => {};
globalThis.requestAnimationFrame = callback => setTimeout(callback, 0);

const say = what => process.stdout.write(JSON.stringify(what) + '\n');
const { Connection } = await import(pathToFileURL(`${modules}/${name}/index.js`));
const connection = ping ? new Connection(url, Number(ping), Number(ping)) : new Connection(url);
connection.addEventListener('open', () => say({ open: true }));
connection.addEventListener('close', () => { say({ close: true }); process.exit(0); });
connection.addEventListener('change', event => say({ change: event.detail }));
connection.addEventListener('notify', event => say({ notify: event.detail }));

let n = 0;
createInterface({ input: process.stdin }).on('line', async line => {
    const command = JSON.parse(line);
    if (command.close) {
        connection.close();
        return;
    }
    const number = n++;
    try {
        say({ n: number, answer: await connection.send(command.send, command.data) });
    } catch (error) {
        say({ n: number, error: error instanceof Error ? error.message : error });
    }
});
