"""Every way in which the API reaches the table, to be measured one by one."""
