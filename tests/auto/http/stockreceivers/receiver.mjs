// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// A receiver of events that others wrote: cloudevents reads them, standardwebhooks verifies them. Around these it has
// what any receiver adds to them, node's web server and its zlib.
//
//     node receiver.mjs SECRET...
//
// prints {"port": ...}, and then a line of JSON for each request: what it has understood, and for each secret whether
// the signature is valid. A line on standard input makes it send an event, see send(). It ends with its standard input.

import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { isDeepStrictEqual } from 'node:util';
import { gunzipSync } from 'node:zlib';

import cloudevents from 'cloudevents';
import standardwebhooks from 'standardwebhooks';

const { CloudEvent, HTTP } = cloudevents;
const { Webhook } = standardwebhooks;

const secrets = process.argv.slice(2);

const isJson = (type) => /^[^;]*[/+]json *(;|$)/i.test(type);
const isText = (type) => isJson(type) || /^text\//i.test(type);

function print(line) {
    process.stdout.write(JSON.stringify(line) + '\n');
}

// What cloudevents 10.0.0 makes of a message otherwise than the specification (CloudEvents 1.0.2) says. Each is told to
// the test, which knows where it has to come, so that nothing is mended here without notice.
function mends(event, headers, body) {
    const mended = {};
    const type = headers['content-type'] ?? '';
    const isStructured = type.startsWith('application/cloudevents+json');
    const isBatched = type.startsWith('application/cloudevents-batch+json');
    const isBinary = !isStructured && !isBatched;
    if (isBinary) {
        // HTTP binding, 3.1.3.2: values of headers are percent-encoded. parseBinary() (dist/message/http/index.js)
        // takes them as they are. (Quotes around a value are not looked for: none of ours has any, they are encoded.)
        for (const [name, value] of Object.entries(event)) {
            if (`ce-${name}` in headers && name !== 'time' && decodeURIComponent(value) !== value)
                mended[name] = decodeURIComponent(value);
        }
    }
    // HTTP binding, 3.1.2, and JSON format, 3.1.1: any JSON value is data. JSONParser (dist/parsers.js) puts quotes
    // around what begins neither as an object nor as an array or a text, and is not asked for +json; parseStructured()
    // drops each value that counts as false.
    if (isBinary && isJson(type) && body.length > 0) {
        const data = JSON.parse(body);
        if (!isDeepStrictEqual(event.data, data))
            mended.data = data;
    }
    if (isStructured) {
        const { data } = JSON.parse(body);
        if (data !== undefined && !isDeepStrictEqual(event.data, data))
            mended.data = data;
    }
    return mended;
}

// Where no time was sent, the constructor of CloudEvent makes one up.
function timesOf(headers, body) {
    const type = headers['content-type'] ?? '';
    if (type.startsWith('application/cloudevents+json'))
        return [JSON.parse(body).time];
    if (type.startsWith('application/cloudevents-batch+json'))
        return JSON.parse(body).map((event) => event.time);
    return [headers['ce-time']];
}

function understood(headers, bytes) {
    const type = headers['content-type'] ?? '';
    // As web frameworks do: text for what is text, bytes for the rest.
    const body = isText(type) ? bytes.toString() : bytes;
    const read = HTTP.toEvent({ headers, body: bytes.length > 0 ? body : undefined });
    const times = timesOf(headers, body);
    return [read].flat().map((event, index) => {
        const mended = mends(event, headers, body);
        // The constructor checks it against the JSON schema of CloudEvents, which toEvent() does for batches only.
        const { id, source, type, subject, time, datacontenttype, dataschema, specversion, data, data_base64,
                datacontentencoding, schemaurl, ...extensions } = new CloudEvent({ ...event, ...mended });
        const isTimeMadeUp = times[index] === undefined;
        return {
            id, source, type, subject, datacontenttype, dataschema, specversion, extensions, data_base64,
            time: isTimeMadeUp ? undefined : time,
            data: data_base64 === undefined ? data : undefined,
            mended: [...Object.keys(mended), ...(isTimeMadeUp ? ['time'] : [])].sort(),
        };
    });
}

function verdict(secret, body, headers) {
    try {
        new Webhook(secret).verify(body, headers, { jsonParse: false });
        return 'valid';
    } catch (error) {
        return error.message;
    }
}

// By node alone: standardwebhooks 1.1.1 reads a body as text in UTF-8 (sign() in dist/index.js), where bytes that are
// none become replacement characters. So it verifies neither compressed bodies nor images.
function isSignedBy(secret, body, headers) {
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    const hmac = createHmac('sha256', key);
    hmac.update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.`).update(body);
    const signature = `v1,${hmac.digest('base64')}`;
    return (headers['webhook-signature'] ?? '').split(' ').includes(signature);
}

function report(headers, wire) {
    const encoding = headers['content-encoding'];
    const bytes = encoding === 'gzip' ? gunzipSync(wire) : wire;
    return {
        encoding,
        id: headers['webhook-id'],
        verdicts: secrets.map((secret) => verdict(secret, wire, headers)),
        verdictsOfChanged: secrets.map((secret) => verdict(secret, Buffer.concat([wire, Buffer.from(' ')]), headers)),
        verdictsOfOtherId: secrets.map((secret) => verdict(secret, wire, { ...headers, 'webhook-id': 'other' })),
        hmacs: secrets.map((secret) => isSignedBy(secret, wire, headers)),
        events: understood(headers, bytes),
    };
}

const server = createServer((request, response) => {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
        try {
            print(report(request.headers, Buffer.concat(parts)));
            response.writeHead(204).end();
        } catch (error) {
            print({ error: error.message });
            response.writeHead(400, { 'Content-Type': 'text/plain' }).end(error.message);
        }
    });
});

// {"url": ..., "binding": "binary" or "structured", "event": {...}, "secret": ...}: sends it there, signed.
async function send({ url, binding, event, secret }) {
    const { headers, body } = HTTP[binding](new CloudEvent(event));
    const id = `msg_${event.id}`;
    const now = new Date();
    const signature = new Webhook(secret).sign(id, now, body);
    const proof = {
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
        'webhook-signature': signature,
    };
    await fetch(url, { method: 'POST', headers: { ...headers, ...proof }, body });
}

server.listen(0, '127.0.0.1', () => print({ port: server.address().port }));

const commands = createInterface({ input: process.stdin });
commands.on('line', (line) => send(JSON.parse(line)).catch((error) => print({ error: error.message })));
commands.on('close', () => process.exit(0));
