//! Operations of operators' pages.

use super::operations;

operations! {
    ME = GET "/v1/operator/me";
    OVERVIEW = GET "/v1/operator/overview";
    DOCTOR = GET "/v1/operator/doctor";
    REPAIR = POST "/v1/operator/doctor/repair";
    QUEUES = GET "/v1/operator/queues";
    BACKLOG = GET "/v1/operator/backlog";
    POLICIES = GET "/v1/operator/policies";
    PAUSE = POST "/v1/operator/policies/pause";
    RESUME = POST "/v1/operator/policies/resume";
    LIMIT = POST "/v1/operator/policies/limit";
    JOBS = GET "/v1/operator/jobs";
    JOB = GET "/v1/operator/jobs/{job_id}";
    RETRY = POST "/v1/operator/jobs/{job_id}/retry";
    CANCEL = POST "/v1/operator/jobs/{job_id}/cancel";
    ACTS = GET "/v1/operator/job-acts";
    ACT_ON_JOBS = POST "/v1/operator/job-acts";
    ACT = GET "/v1/operator/job-acts/{job_act_id}";
    STOP_ACT = POST "/v1/operator/job-acts/{job_act_id}/stop";
    DAEMONS = GET "/v1/operator/daemons";
    DRAIN = POST "/v1/operator/daemons/{daemon_name}/drain";
    UNDRAIN = POST "/v1/operator/daemons/{daemon_name}/undrain";
    SCHEDULES = GET "/v1/operator/schedules";
    SCHEDULE = GET "/v1/operator/schedules/{schedule_name}";
    TICKS = GET "/v1/operator/schedules/{schedule_name}/ticks";
    TICKS_TO_COME = GET "/v1/operator/schedules/{schedule_name}/preview";
    RUN_SCHEDULE = POST "/v1/operator/schedules/{schedule_name}/run";
    ENABLE_SCHEDULE = POST "/v1/operator/schedules/{schedule_name}/enable";
    DISABLE_SCHEDULE = POST "/v1/operator/schedules/{schedule_name}/disable";
    HOLDS = GET "/v1/operator/holds";
    UNKNOWN_TEXTS = GET "/v1/operator/unknown-texts";
    SETTLE = POST "/v1/operator/unknown-texts/{message_id}/settle";
    DEAD_LETTERS = GET "/v1/operator/dead-letters";
    REPLAY = POST "/v1/operator/dead-letters/{dead_letter_id}/replay";
}
