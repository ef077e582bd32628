"""The fifteen traps of dsl.md 11, and which tests show each. Knows no flow."""

TRAPS = {
    1: "A join waits for all of its parents, taken or skipped, and runs if one is taken.",
    2: "Answers are heard in the order of their turns; what none mentions is never heard; literals do not wait.",
    3: "What is missing, what is null and what is empty are three things.",
    4: "Texts spell values as Python does; answers in Markdown.",
    5: "Any status of an answer over http is one, unless failures are handled; a JSON body is mended.",
    6: "Code puts out what it declares, all of it and nothing else; no files are null; lists have at most 30 items.",
    7: "A fail-branch makes a branch of any node; a failure that is caught makes the run partial-succeeded.",
    8: "An iteration's items have pools of their own, a loop's rounds share one.",
    9: "The question follows the past only with memory; a window of N is N-1 turns; the prompt itself weighs nothing.",
    10: "Context stands only where its place is.",
    11: "An unknown class is the first one, no JSON a failure; the first case of an if-else is `true`, none `false`.",
    12: "A parameter-extractor does not fail by what a model says.",
    13: "An assigner puts out nothing, passes over null, and its writes stay though the run fails.",
    14: "agent-chat: native tool calls come before ReAct, and all steps are the answer.",
    15: "References have limits; the start node selects what the system knows; what is unknown is tolerated.",
}
HERE = {
    2: ("test_what_a_model_says_that_no_answer_mentions_is_never_heard_and_literals_do_not_wait",),
    3: ("test_what_is_missing_what_is_null_and_what_is_empty_are_three_things",),
    4: ("test_a_text_spells_values_as_python_does_and_an_answer_in_markdown",),
    7: ("test_a_failure_that_its_author_has_foreseen_makes_a_branch_of_any_node_and_the_run_partial",),
    13: ("test_an_assigner_puts_out_nothing_passes_over_null_and_its_writes_are_there_at_once",),
    15: (
        "test_what_is_not_exactly_a_reference_is_text",
        "test_the_longest_reference_is_one",
        "test_what_the_system_knows_is_selected_by_the_start_node_and_a_dotted_name",
    ),
}
"""In test_flow_traps.py."""
CLASSIFIER = "flow/test_node_question_classifier.py::"
ELSEWHERE = {
    1: (
        "flow/test_flow_frontier_properties.py::test_a_node_runs_once_and_in_order_if_and_only_if_an_edge_into_it_is_taken",
        "flow/test_flow_frontier_properties.py::test_a_planted_bug_in_what_is_ready_is_caught",
    ),
    2: (
        "flow/test_flow_speech_properties.py::test_what_is_heard_is_each_answer_once_and_whole_as_its_template_says",
        "flow/test_engine.py::test_answers_speak_one_after_the_other_in_the_order_of_their_turn",
    ),
    3: ("flow/test_flow_code.py::test_a_variable_that_is_not_there_is_none",),
    5: (
        "flow/test_node_http_answers.py::test_any_status_is_an_answer_where_nothing_is_said_of_failures",
        "flow/test_node_http_answers.py::test_with_retries_a_bad_status_is_tried_again_and_then_a_failure",
        "flow/test_node_http_request.py::test_a_json_body_is_mended_where_values_break_it",
    ),
    6: (
        "flow/test_flow_code_outputs.py::test_every_output_that_is_declared_must_be_returned_and_no_other",
        "flow/test_flow_code.py::test_a_list_without_files_comes_as_none",
        "flow/test_flow_code_outputs.py::test_what_is_too_much_is_refused_with_its_limit",
    ),
    8: (
        "flow/test_flow_iteration.py::test_what_nodes_within_put_out_is_not_seen_outside",
        "flow/test_flow_iteration.py::test_a_failing_item_leaves_null_or_nothing_at_its_place",
        "flow/test_flow_iteration.py::test_lists_of_lists_are_made_flat_by_one_level",
        "flow/test_flow_iteration.py::test_what_items_write_to_the_conversation_gets_out_and_is_seen_by_the_next",
        "flow/test_flow_loop.py::test_what_nodes_within_put_out_stays_after_the_loop_and_goes_before_each_round",
        "flow/test_flow_loop.py::test_a_condition_that_holds_before_the_first_round_leaves_no_outputs",
    ),
    9: (
        "flow/test_node_llm.py::test_without_memory_neither_past_nor_question_is_added",
        "flow/test_node_llm.py::test_a_window_of_n_shows_one_turn_less",
        "flow/test_node_llm.py::test_single_messages_go_from_the_oldest_end_where_the_past_is_too_long",
    ),
    10: (
        "flow/test_node_llm.py::test_without_a_place_it_is_not_shown_but_cited",
        "flow/test_node_llm.py::test_it_stands_where_its_place_is_and_nothing_in_it_is_expanded",
    ),
    11: (
        CLASSIFIER + "test_an_unknown_class_is_the_first_one",
        CLASSIFIER + "test_an_answer_without_json_or_with_broken_json_fails_the_node",
        CLASSIFIER + "test_the_model_is_asked_after_examples_with_the_query_the_classes_and_the_instruction",
        "flow/test_flow_if_else.py::test_conditions_without_a_case_are_one_case",
        "flow/test_flow_if_else.py::test_the_way_out_is_false_when_no_case_holds",
    ),
    12: ("flow/test_node_parameter_extractor.py::test_no_object_is_no_failure_but_defaults_and_a_reason",),
    13: (
        "flow/test_flow_variables.py::test_what_does_not_fit_fails_and_writes_nothing",
        "contract/test_variables_kept.py::test_a_run_that_fails_keeps_what_it_wrote_before",
    ),
    14: (
        "dsl/test_dsl_agent.py::test_an_agent_is_one_by_its_mode_whatever_its_strategy_says",
        "contract/test_agents.py::test_a_model_that_knows_no_tools_is_told_of_them_in_plain_text",
        "contract/test_agents.py::test_where_its_operator_allows_it_an_agent_answers_in_the_blocking_mode_too",
    ),
    15: (
        "flow/test_engine.py::test_a_node_of_an_unknown_kind_fails_where_the_run_gets_there",
        "dsl/test_dsl_variables.py::test_a_secret_that_an_export_left_out_is_told_of",
    ),
}
"""By file."""
