"""HTTP as the contract has it: the envelope, errors, headers, paging, preconditions. It knows no business."""
