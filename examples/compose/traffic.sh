#!/bin/sh
# Keeps docker-compose.yml's cluster busy: every TRAFFIC_SECONDS (15) the trigger `traffic` is edited, or, each third time, one
# of its objects is damaged by hand, which the cluster repairs. What fails (a cluster that is away) is tried again next time.
edit() {
  koreo apply --filename - <<TRIGGER
apiVersion: platform.example.com/v1
kind: WebApp
metadata:
  name: traffic
  namespace: web
spec:
  image: nginxinc/nginx-unprivileged:1.29-alpine
  replicas: $((1 + $1 % 5))
  settings:
    ROUND: "$1"
  sites:
    - name: main
      title: Round $1
TRIGGER
}

damage() {
  koreo apply --filename - <<OBJECT
apiVersion: v1
kind: ConfigMap
metadata:
  name: traffic-site-main
  namespace: web
data:
  index.html: defaced in round $1
OBJECT
}

round=0
while true; do
  round=$((round + 1))
  if [ $((round % 3)) -eq 0 ]; then damage $round; else edit $round; fi
  sleep "${TRAFFIC_SECONDS:-15}"
done
