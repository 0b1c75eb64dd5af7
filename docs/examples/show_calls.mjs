// Show the calls of an extension: node show_calls.mjs user1@example.com 1000
import { client, xml } from "@xmpp/client";

const [jid, extension] = process.argv.slice(2);
const [username, domain] = jid.split("@");
const service = `ivr.${domain}`;
const node = `ext${extension}`;
const PUBSUB = "http://jabber.org/protocol/pubsub";
const EVENT = `${PUBSUB}#event`;

const xmpp = client({
  // In a browser: "wss://example.com/xmpp-websocket", as the server's administrator says.
  service: process.env.XMPP_SERVICE ?? domain,
  domain,
  username,
  password: process.env.XMPP_PASSWORD,
});
const shown = new Map(); // call id -> the call as it was shown last
const heard = new Set(); // ids of messages

function show(item) {
  const call = JSON.parse(item.getChild("call").getChildText("json"));
  const known = shown.get(call.id);
  // What comes after a retraction is news, even if it was shown before, when items were fetched.
  const least = known?.state === "withdrawn" ? known.revision : (known?.revision ?? 0) + 1;
  if (call.revision < least) return; // told again
  shown.set(call.id, call);
  console.log(call.state, call.customer?.name ?? "unknown customer", call.caller.number);
}

function withdraw(id) {
  const call = shown.get(id);
  if (!["offered", "answered"].includes(call?.state)) return;
  call.state = "withdrawn";
  console.log("withdrawn", id);
}

async function catchUp() {
  await xmpp.send(xml("presence"));
  const ask = (type, child) =>
    xmpp.iqCaller.request(xml("iq", { type, to: service }, xml("pubsub", PUBSUB, child)));
  await ask("set", xml("subscribe", { node, jid }));
  const answer = await ask("get", xml("items", { node }));
  const items = answer.getChild("pubsub").getChild("items").getChildren("item");
  // What happened while this program was away. Calls that it has not shown and that are over are of
  // no interest; what the node has no longer was retracted.
  const here = new Set(items.map((item) => item.attrs.id));
  [...shown.keys()].filter((id) => !here.has(id)).forEach(withdraw);
  items.filter((item) => shown.has(item.attrs.id) || item.getChild("call").attrs.state !== "ended")
    .forEach(show);
}

let caughtUp; // what is notified meanwhile comes afterwards
xmpp.on("online", () => { caughtUp = catchUp(); });

xmpp.on("stanza", (stanza) => {
  if (!stanza.is("message") || stanza.attrs.from !== service) return;
  const items = stanza.getChild("event", EVENT)?.getChild("items");
  if (items?.attrs.node !== node || heard.has(stanza.attrs.id)) return;
  heard.add(stanza.attrs.id);
  caughtUp.then(() => {
    for (const child of items.getChildElements()) {
      if (child.is("retract")) withdraw(child.attrs.id);
      else show(child);
    }
  });
});

xmpp.on("error", (error) => console.error("not connected:", error.message)); // tries again

await xmpp.start();
