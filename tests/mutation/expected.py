"""What is the right diagnosis of every test of the twelve suites: what holds it back; nothing, where it is sound."""

from __future__ import annotations

SOUND = ""

EXPECTED = {
    "allclose": {
        "test_strict": SOUND,
        "test_default": SOUND,
        "test_far_too_loose": "tolerance",
        "test_rather_loose": "tolerance",
    },
    "gradchecks": {
        "test_linear": SOUND,
        "test_softmax_fast": SOUND,
        "test_norm_with_an_epsilon": SOUND,
        "test_tolerance_above_everything": "tolerance",
        "test_nobody_asks_what_it_said": "not asserted",
    },
    "all_ones": {
        "test_softmax_of_a_sum": "zero gradient",
        "test_swish_of_a_sum": "all ones",
        "test_square_of_ones_like": "all ones",
        "test_softmax_weighted": SOUND,
    },
    "mean_only": {
        "test_means": "one number",
        "test_norm": "one number",
        "test_sum_by_item": "one number",
        "test_every_entry": SOUND,
    },
    "forward_only": {
        "test_values": "forward only",
        "test_values_though_backward_runs": "not compared",
        "test_there_is_a_gradient": "form only",
        "test_it_is_finite": "form only",
        "test_both": SOUND,
    },
    "missing_abs": {
        "test_max_of_the_difference": "missing abs",
        "test_difference_of_sums": "missing abs",
        "test_nan_would_pass": "nan passes",
        "test_with_abs": SOUND,
        "test_weight_with_abs": "nan passes",  # Python's max passes over a NaN that is not its first value
    },
    "self_comparison": {
        "test_with_itself": "itself",
        "test_run_twice": "itself",
        "test_copied_module": "itself",
        "test_difference_with_itself": "itself",
        "test_with_the_truth": SOUND,
    },
    "half_precision": {
        "test_bfloat16_loose": "tolerance",
        "test_bfloat16_strict": SOUND,
        "test_float16_norm": SOUND,
    },
    "parametrised": {
        "test_linear": SOUND,
        "test_entropy": SOUND,
        "test_entropy_shape_only": "form only",
        "test_softmax_ones": "zero gradient",
    },
    "unittest_classes": {
        "test_gradient": SOUND,
        "test_gradient_not_asserted": "not asserted",
        "test_gradient_exists": "form only",
        "test_mean": "one number",
        "test_largest_difference": SOUND,
        "test_several": SOUND,
    },
    "with_hypothesis": {
        "test_softmax": SOUND,
        "test_square_of_ones": "all ones",
    },
    "snapshot": {
        "test_stored_numbers": SOUND,
        "test_stored_to_no_decimal": "tolerance",
        "test_stored_checksum": "one number",
        "test_written_anew_each_time": "writes",
    },
}
"""Suite -> test function -> the code of what holds it back."""
