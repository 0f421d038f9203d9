/** What Workflows, definitions and objects come to: for those who write them. */
import type { AlertGroup } from "./alert.ts";

export const WORKFLOWS: AlertGroup = {
  name: "koreo-workflows",
  alerts: [
    {
      name: "KoreoWorkflowFails",
      expr: `sum by (workflow) (increase(koreo_workflow_outcomes_total{outcome="permFail"}[1h])) > 0`,
      holds: "0m",
      severity: "warning",
      summary: "Runs of {{ $labels.workflow }} came to permFail: {{ $value | humanize }} within an hour.",
      description:
        "It is not tried again by itself until something changes. The Ready condition of the trigger says what to do.",
      samples: {
        fires: { 'koreo_workflow_outcomes_total{workflow="ns/flow",outcome="permFail"}': "0x10 1x30" },
        says: "Runs of ns/flow came to permFail: 1 within an hour.",
        labels: { workflow: "ns/flow" },
        quiet: {
          'koreo_workflow_outcomes_total{workflow="ns/flow",outcome="permFail"}': "0x40",
          'koreo_workflow_outcomes_total{workflow="ns/flow",outcome="retry"}': "0+1x40",
        },
      },
    },
    {
      name: "KoreoDefinitionsFaulty",
      expr: `max by (kind) (koreo_definitions{health="faulty"}) > 0`,
      holds: "10m",
      severity: "warning",
      summary: "{{ $value | humanize }} definitions of the kind {{ $labels.kind }} are faulty.",
      description: "What uses them does not run. `koreo check` and their Ready conditions name fault, line and fix.",
      samples: {
        fires: { 'koreo_definitions{kind="Workflow",health="faulty",instance="a"}': "1x40" },
        says: "1 definitions of the kind Workflow are faulty.",
        labels: { kind: "Workflow" },
        quiet: { 'koreo_definitions{kind="Workflow",health="ready",instance="a"}': "1x40" },
      },
    },
    {
      name: "KoreoDriftPersists",
      expr: "sum by (kind) (increase(koreo_drift_repairs_total[1h])) > 20",
      holds: "0m",
      severity: "warning",
      summary: "{{ $value | humanize }} repairs of {{ $labels.kind }} within an hour.",
      description:
        "Something else keeps writing what a Workflow manages. The step's condition names the field and who wrote it.",
      samples: {
        fires: { 'koreo_drift_repairs_total{kind="ConfigMap",action="patch"}': "0+1x40" },
        says: "30 repairs of ConfigMap within an hour.",
        labels: { kind: "ConfigMap" },
        quiet: { 'koreo_drift_repairs_total{kind="ConfigMap",action="patch"}': "0x20 2x20" },
      },
    },
    {
      name: "KoreoExpressionsTooCostly",
      expr: "sum by (part) (increase(koreo_expression_budget_faults_total[1h])) > 0",
      holds: "0m",
      severity: "info",
      summary: "Expressions spent their budget of {{ $labels.part }} {{ $value | humanize }} times within an hour.",
      description: "Their steps come to permFail. Simplify the expression, or make its input smaller.",
      samples: {
        fires: { 'koreo_expression_budget_faults_total{part="steps"}': "0x10 1x30" },
        says: "Expressions spent their budget of steps 1 times within an hour.",
        labels: { part: "steps" },
        quiet: { 'koreo_expression_budget_faults_total{part="steps"}': "7x40" },
      },
    },
  ],
};
