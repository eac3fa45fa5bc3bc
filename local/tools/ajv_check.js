// Reads {documents, schema, values} from standard input, compiles every document and all of its $defs in AJV's strict mode,
// and prints whether each value is valid.
const Ajv = require("ajv/dist/2020").default;

const { documents, schema, values } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const formats = { date: true, "date-time": true, uuid: true, uri: true, "uri-reference": true };
const ajv = new Ajv({ strict: true, unicodeRegExp: true, allowUnionTypes: true, formats });

for (const document of documents) ajv.addSchema(document);
for (const { $id, $defs } of documents) {
  ajv.getSchema($id);
  for (const name of Object.keys($defs ?? {})) ajv.compile({ $ref: `${$id}#/$defs/${name}` });
}
const validate = ajv.compile({ $ref: schema });
console.log(JSON.stringify(values.map((value) => validate(value))));
