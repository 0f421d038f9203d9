/** The API server, as Koreo's client sees it. */
import type { Dashboard } from "./description.ts";
import { JOB, JOBS, quantileBy, quantiles, rateOf } from "./promql.ts";

const SECONDS = "rest_client_request_duration_seconds";

export const API_CLIENT: Dashboard = {
  uid: "koreo-api-client",
  title: "Koreo / API server client",
  description: "Requests as client-go counts them, and by kind. Watches have no duration.",
  variables: [JOBS],
  sections: [
    {
      title: "Requests",
      panels: [
        {
          kind: "areas",
          title: "By answer",
          description: "Requests a second by status code; <error> got no answer.",
          unit: "ops",
          queries: [{ expr: rateOf("rest_client_requests_total", ["code"]), legend: "{{code}}" }],
        },
        {
          kind: "areas",
          title: "By what is done",
          description: "Requests a second by verb.",
          unit: "ops",
          queries: [{ expr: rateOf("koreo_api_requests_total", ["verb"]), legend: "{{verb}}" }],
        },
        {
          kind: "areas",
          title: "Writes by kind",
          description: "The 10 kinds that are written most.",
          unit: "ops",
          queries: [
            {
              expr: `topk(10, ${rateOf("koreo_api_requests_total", ["kind"], `${JOB}, verb=~"create|patch|patchStatus|delete"`)})`,
              legend: "{{kind}}",
            },
          ],
        },
      ],
    },
    {
      title: "Answers",
      panels: [
        {
          kind: "lines",
          title: "Answers take",
          description: "From sending to the last byte.",
          unit: "s",
          queries: quantiles(SECONDS),
        },
        {
          kind: "lines",
          title: "Answers take, by method",
          description: "At the 99th percentile.",
          unit: "s",
          queries: [{ expr: quantileBy(SECONDS, 0.99, ["verb"]), legend: "{{verb}}" }],
        },
        {
          kind: "lines",
          title: "Refusals",
          description:
            "Answers a second that were no success. 404 is a look at what may not exist, 409 a write that came too late.",
          unit: "ops",
          queries: [
            {
              expr: rateOf("koreo_api_requests_total", ["kind", "verb", "code"], `${JOB}, code!~"2.."`),
              legend: "{{verb}} {{kind}}: {{code}}",
              mayBeEmpty: "Everything was answered with success: the series of a code begins with its first answer.",
            },
          ],
        },
      ],
    },
  ],
};
