// Runs of a workflow with npm's dify-client 2.3.2: blocking, streamed. CLIENT is the path of its index.js.
import { pathToFileURL } from 'node:url'

const { CompletionClient } = await import(pathToFileURL(process.env.CLIENT))
const client = new CompletionClient(process.env.API_KEY, process.env.BASE_URL)

const done = (await client.runWorkflow({ word: 'noon' }, 'client-js')).data
let body = ''
for await (const chunk of (await client.runWorkflow({ word: 'noon' }, 'client-js', true)).data) body += chunk
const events = body.split('\n').filter((line) => line.startsWith('data: ')).map((line) => JSON.parse(line.slice(6)))

console.log(JSON.stringify({
  outputs: done.data.outputs,
  status: done.data.status,
  events: events.map((event) => event.event),
  streamed: events.at(-1).data.outputs,
}))
