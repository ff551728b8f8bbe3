// Validates the objects of custom resources in a JSON file against the schemas of their
// definitions.
import { readFileSync } from "node:fs";
import * as keda from "@kubernetes-models/keda/keda.sh/v1alpha1";
import * as prometheus from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1";

const models = { "keda.sh/v1alpha1": keda, "monitoring.coreos.com/v1": prometheus };
const objects = JSON.parse(readFileSync(process.argv[2], "utf8"));
let faults = 0;
for (const object of objects) {
  try {
    new models[object.apiVersion][object.kind](object).validate();
  } catch (error) {
    console.error(`chart: ${object.kind} ${object.metadata.name}: ${error.message}`);
    faults += 1;
  }
}
console.log(`chart: ${objects.length} custom resources, ${faults} of them not valid`);
process.exit(faults === 0 && objects.length > 0 ? 0 : 1);
