//! Operations of agents' screens, with the few that the screens' own script asks by the pages'
//! addresses.

use super::operations;

operations! {
    HOME = GET "/v1/agent/home";
    EVENTS = GET "/v1/agent/events";
    CLAIM = POST "/v1/agent/goals/{goal_id}/claim";
    SEND_ONE = POST "/v1/agent/batches/{batch_id}/contacts/{contact_id}/send";
    SKIP = POST "/v1/agent/batches/{batch_id}/skip";
    RETURN = POST "/v1/agent/batches/{batch_id}/return";
    PREVIEW = POST "/v1/agent/batches/{batch_id}/preview" reads;
    REASONS = GET "/v1/agent/reasons";
    CLAIM_REPLIES = POST "/v1/agent/groups/{group_id}/replies/claim";
    COLLEAGUES = GET "/v1/agent/groups/{group_id}/agents";
    THREADS = GET "/v1/agent/threads";
    THREAD = GET "/v1/agent/threads/{thread_id}";
    THREAD_SCRIPTS = GET "/v1/agent/threads/{thread_id}/scripts";
    REPLY = POST "/v1/agent/threads/{thread_id}/reply";
    ANSWER = PUT "/v1/agent/threads/{thread_id}/answer";
    DONE = POST "/v1/agent/threads/{thread_id}/done";
    RELEASE = POST "/v1/agent/threads/{thread_id}/release";
    EXTEND = POST "/v1/agent/threads/{thread_id}/extend";
    HAND_ON = POST "/v1/agent/threads/{thread_id}/hand-on";
    OPT_OUT = POST "/v1/agent/threads/{thread_id}/opt-out";
    UNDO = POST "/v1/agent/threads/{thread_id}/opt-out/undo";
    PROFILE = PATCH "/v1/agent/threads/{thread_id}/contact";
    SCRIPTS = GET "/v1/agent/scripts";
    SCRIPT = GET "/v1/agent/scripts/{script_id}";
    ADD_SCRIPT = POST "/v1/agent/scripts";
    EDIT_SCRIPT = PATCH "/v1/agent/scripts/{script_id}";
    DELETE_SCRIPT = DELETE "/v1/agent/scripts/{script_id}";
    TAGS = GET "/v1/agent/tags";
    TAG = PUT "/v1/agent/threads/{thread_id}/tags/{tag_id}";
    UNTAG = DELETE "/v1/agent/threads/{thread_id}/tags/{tag_id}";
}
