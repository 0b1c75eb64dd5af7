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
const shown = new Map(); // call id -> greatest revision

function show(item) {
  const call = JSON.parse(item.getChild("call").getChildText("json"));
  if (call.revision <= (shown.get(call.id) ?? 0)) return; // told again after a reconnect
  shown.set(call.id, call.revision);
  console.log(call.state, call.customer?.name ?? "unknown customer", call.caller.number);
}

function withdraw(id) {
  if (shown.has(id)) console.log("withdrawn", id);
}

xmpp.on("online", async () => {
  await xmpp.send(xml("presence"));
  const ask = (type, child) =>
    xmpp.iqCaller.request(xml("iq", { type, to: service }, xml("pubsub", PUBSUB, child)));
  await ask("set", xml("subscribe", { node, jid }));
  const items = (await ask("get", xml("items", { node }))).getChild("pubsub").getChild("items");
  // What happened while this program was away; calls that are over are of no interest.
  items.getChildren("item").reverse()
    .filter((item) => item.getChild("call").attrs.state !== "ended")
    .forEach(show);
});

xmpp.on("stanza", (stanza) => {
  if (!stanza.is("message") || stanza.attrs.from !== service) return;
  const items = stanza.getChild("event", EVENT)?.getChild("items");
  if (items?.attrs.node !== node) return;
  for (const child of items.getChildElements()) {
    if (child.is("retract")) withdraw(child.attrs.id);
    else show(child);
  }
});

xmpp.on("error", (error) => console.error("not connected:", error.message)); // tries again

await xmpp.start();
