// Two turns with npm's dify-client 2.3.2, blocking then streaming. CLIENT is the path of its index.js.
import { pathToFileURL } from 'node:url'

const { ChatClient } = await import(pathToFileURL(process.env.CLIENT))
const client = new ChatClient(process.env.API_KEY, process.env.BASE_URL)
const user = 'client-js'

const first = await client.createChatMessage({}, 'My name is Ada.', user)
const conversation = first.data.conversation_id

const second = await client.createChatMessage({}, 'Who am I?', user, true, conversation)
let body = ''
for await (const chunk of second.data) body += chunk
const events = body.split('\n').filter((line) => line.startsWith('data: ')).map((line) => JSON.parse(line.slice(6)))

const history = await client.getConversationMessages(user, conversation)
const listed = await client.getConversations(user)
console.log(JSON.stringify({
  conversations: [conversation, ...new Set(events.map((event) => event.conversation_id))],
  last: events.at(-1).event,
  text: events.filter((event) => event.event === 'message').map((event) => event.answer).join(''),
  stored: history.data.data.map((message) => message.answer),
  listed: listed.data.data.map((found) => found.id),
}))
