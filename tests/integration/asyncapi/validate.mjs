// validate.mjs FILE: what the AsyncAPI parser says of a document, Avro schemas included. Status 1 when it has anything to say
// beyond hints.
import { readFileSync } from 'node:fs';
import { Parser } from '@asyncapi/parser';
import { AvroSchemaParser } from '@asyncapi/avro-schema-parser';

const [file] = process.argv.slice(2);
const parser = new Parser();
parser.registerSchemaParser(AvroSchemaParser());
const { document, diagnostics } = await parser.parse(readFileSync(file, 'utf8'), { source: file });
const WARNING = 1;
const said = diagnostics.filter((one) => one.severity <= WARNING);
for (const one of said) console.error(`${one.path.join('.')}: ${one.message}`);
if (!document || said.length > 0) process.exit(1);
console.log(`${document.allChannels().length} channels, ${document.allMessages().length} messages, ${document.allSchemas().length} schemas`);
