// Writes the wire's types as TypeScript: only what openapi-typescript makes of the schemas, since the operations and headers
// are ten times as long and the clients need none of them. Arguments: openapi.yaml, the file to write.

import { readFileSync, writeFileSync } from "node:fs";
import { parseYaml } from "@redocly/openapi-core";
import openapiTS, { astToString } from "openapi-typescript";

const [, , source, target] = process.argv;
const { openapi, info, components } = parseYaml(readFileSync(source, "utf8"));
const schemas = { openapi, info, paths: {}, components: { schemas: components.schemas } };
const options = { rootTypes: true, rootTypesNoSchemaPrefix: true, excludeDeprecated: true, silent: true };
const types = astToString(await openapiTS(schemas, options));
const said = "// Generated from infra/openapi.yaml by openapi-typescript: `cargo xtask clients`.\n\n";
writeFileSync(target, said + types.slice(types.indexOf("export interface components")));
